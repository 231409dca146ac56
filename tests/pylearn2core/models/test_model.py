from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.model import Model
from pylearn2core.space import NullSpace, VectorSpace
from pylearn2core.utils import sharedX


class TwoParams(Model):
    def __init__(self) -> None:
        super().__init__()
        self.W = sharedX(np.arange(6.0).reshape(2, 3), "W")
        self.b = sharedX(np.zeros(3), "b")
        self._params = [self.W, self.b]
        self.input_space = VectorSpace(2)
        self.output_space = VectorSpace(3)


class Forgetful(Model):
    def __init__(self) -> None:
        self._params: list[Any] = []


class AtMostTwo(TwoParams):
    def _modify_updates(self, updates: dict[Any, Any]) -> None:
        if self.W in updates:
            updates[self.W] = pt.clip(updates[self.W], 0.0, 2.0)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.get_params(),
        lambda model: model.get_input_space(),
        lambda model: model.modify_updates({}),
        lambda model: model.enforce_constraints(),
        lambda model: model.register_names_to_del("f"),
        pickle.dumps,
    ],
)
def test_a_model_that_forgot_the_constructor_of_model_is_told_so(use: Any) -> None:
    with pytest.raises(RuntimeError, match=r"Forgetful.*super\(\).__init__\(\)"):
        use(Forgetful())


def test_a_model_without_params_or_space_is_told_what_to_set() -> None:
    model = Model()
    with pytest.raises(ConfigError, match=r"Set self._params to a list"):
        model.get_params()
    with pytest.raises(ConfigError, match=r"Set self.input_space to the Space"):
        model.get_input_space()


def test_what_a_model_does_not_have_says_so() -> None:
    for method in ("get_default_cost", "continue_learning", "get_weights", "get_weights_topo"):
        with pytest.raises(UnsupportedError, match=f"Model does not implement {method}"):
            getattr(Model(), method)()


def test_get_params_gives_a_new_list_in_the_models_order() -> None:
    model = TwoParams()
    model.get_params().clear()
    assert model.get_params() == [model.W, model.b]


def test_param_values_go_out_and_in_again() -> None:
    model = TwoParams()
    values = model.get_param_values()
    model.W.set_value(np.ones((2, 3)))
    model.set_param_values(values)
    np.testing.assert_array_equal(model.W.get_value(), np.arange(6.0).reshape(2, 3))
    with pytest.raises(ValueError, match="has 2 parameters, got 1"):
        model.set_param_values(values[:1])


def test_param_vector_is_all_values_in_order() -> None:
    model = TwoParams()
    np.testing.assert_array_equal(model.get_param_vector(), [0, 1, 2, 3, 4, 5, 0, 0, 0])
    model.set_param_vector(np.arange(9.0) + 1)
    np.testing.assert_array_equal(model.b.get_value(), [7, 8, 9])
    with pytest.raises(ValueError, match="a vector of 9 numbers"):
        model.set_param_vector(np.zeros(8))


def test_sources_and_target_space_have_pylearn2s_defaults() -> None:
    model = TwoParams()
    assert (model.get_input_source(), model.get_target_source()) == ("features", "targets")
    assert model.get_target_space() == VectorSpace(3)
    assert (model.get_input_dim(), model.get_output_dim()) == (2, 3)
    space, source = model.get_monitoring_data_specs()
    assert isinstance(space, NullSpace)
    assert source == ""


def test_enforce_constraints_applies_modify_updates_to_the_values() -> None:
    model = AtMostTwo()
    model.enforce_constraints()
    np.testing.assert_array_equal(model.W.get_value(), [[0, 1, 2], [2, 2, 2]])
    assert model.W.get_value().dtype == np.float64


def test_extensions_change_the_updates_before_the_model_does() -> None:
    class Doubles:
        def post_modify_updates(self, updates: dict[Any, Any], model: Any) -> None:
            updates[model.W] = updates[model.W] * 2.0

    model = AtMostTwo()
    model.extensions.append(Doubles())
    model.enforce_constraints()
    np.testing.assert_array_equal(model.W.get_value(), [[0, 2, 2], [2, 2, 2]])


def test_a_pickle_leaves_registered_names_out() -> None:
    model = TwoParams()
    model.compiled = lambda: None  # type: ignore[attr-defined]
    model.register_names_to_del("compiled")
    model.tag["note"]["best"] = 1.0
    again = pickle.loads(pickle.dumps(model))
    assert not hasattr(again, "compiled")
    assert again.tag["note"]["best"] == 1.0
    np.testing.assert_array_equal(again.W.get_value(), model.W.get_value())
    with pytest.raises(ValueError, match="are strings"):
        model.register_names_to_del([3])  # type: ignore[list-item]
