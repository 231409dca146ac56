from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, RectifiedLinear, Sigmoid, Softmax, Tanh
from pylearn2core.models.softmax_regression import SoftmaxRegression
from pylearn2core.space import CompositeSpace, VectorSpace


def three_layers(**kwargs: Any) -> MLP:
    return MLP(
        layers=[
            RectifiedLinear(layer_name="h0", dim=4, irange=0.5, W_lr_scale=0.5),
            Sigmoid(layer_name="h1", dim=3, irange=0.5, b_lr_scale=2.0),
            Softmax(layer_name="y", n_classes=2, irange=0.5),
        ],
        **({"nvis": 5} | kwargs),
    )


def test_params_come_from_the_input_upwards_softmax_bias_first() -> None:
    names = [param.name for param in three_layers().get_params()]
    assert names == ["h0_W", "h0_b", "h1_W", "h1_b", "softmax_b", "softmax_W"]


def test_frozen_params_are_left_out() -> None:
    mlp = three_layers()
    mlp.freeze(mlp.layers[0].get_params())
    assert next(param.name for param in mlp.get_params()) == "h1_W"


def test_spaces_are_chained() -> None:
    mlp = three_layers()
    assert mlp.get_input_space() == VectorSpace(5)
    assert [layer.get_input_space().dim for layer in mlp.layers] == [5, 4, 3]
    assert mlp.get_output_space() == mlp.get_target_space() == VectorSpace(2)
    space, source = mlp.get_monitoring_data_specs()
    assert space == CompositeSpace([VectorSpace(5), VectorSpace(2)])
    assert source == ("features", "targets")


def test_input_space_may_stand_for_nvis_but_not_beside_it() -> None:
    assert three_layers(nvis=None, input_space=VectorSpace(5)).get_input_space() == VectorSpace(5)
    with pytest.raises(ConfigError, match="nvis or input_space, not both"):
        three_layers(input_space=VectorSpace(5))


def test_lr_scalers_are_gathered() -> None:
    mlp = three_layers()
    scalers = {param.name: scale for param, scale in mlp.get_lr_scalers().items()}
    assert scalers == {"h0_W": 0.5, "h1_b": 2.0}


def test_an_lr_scale_must_be_a_float() -> None:
    with pytest.raises(ConfigError, match="W_lr_scale must be a float, got 1"):
        Tanh(layer_name="h", dim=2, irange=0.1, W_lr_scale=1)


def test_return_all_gives_each_layers_output(evaluate: Any) -> None:
    mlp = three_layers()
    x = pt.matrix("X")
    X = np.random.RandomState(0).normal(size=(6, 5))
    states = evaluate(mlp.fprop(x, return_all=True), {x: X})
    assert [state.shape for state in states] == [(6, 4), (6, 3), (6, 2)]
    np.testing.assert_allclose(states[-1].sum(axis=1), 1.0)


def test_weight_decay_by_name_and_by_list(evaluate: Any) -> None:
    mlp = three_layers()
    W0, _, W1, _, _, W2 = mlp.get_param_values()
    squares = [(W**2).sum() for W in (W0, W1, W2)]
    assert evaluate(mlp.get_weight_decay({"h0": 0.3, "y": 2})) == pytest.approx(
        0.3 * squares[0] + 2 * squares[2]
    )
    assert evaluate(mlp.get_weight_decay([0.3, 0.0, 2])) == pytest.approx(
        0.3 * squares[0] + 2 * squares[2]
    )
    assert evaluate(mlp.get_l1_weight_decay({"h1": 0.7})) == pytest.approx(0.7 * np.abs(W1).sum())
    assert evaluate(mlp.get_weight_decay({})) == 0.0


@pytest.mark.parametrize(
    ("coeffs", "message"),
    [
        ({"h00": 0.1}, "no layer 'h00'.*Did you mean 'h0'"),
        ([0.1], "a list of 3 numbers"),
        (0.1, "a map from layer names, or a list"),
    ],
)
def test_decay_coefficients_that_fit_no_layer_are_refused(coeffs: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        three_layers().get_weight_decay(coeffs)


def test_channels_carry_the_layers_names_and_targets_go_to_the_top() -> None:
    mlp = three_layers()
    x, y = pt.matrix("X"), pt.matrix("Y")
    names = set(mlp.get_monitoring_channels((x, y)))
    assert {"h0_row_norms_max", "h1_mean_x_mean_u", "y_misclass", "y_nll"} <= names
    assert not any(name.startswith("h1_kl") for name in names)


def test_without_monitor_targets_no_channel_needs_them() -> None:
    mlp = three_layers(monitor_targets=False)
    assert mlp.get_monitoring_data_specs() == (VectorSpace(5), "features")
    names = set(mlp.get_monitoring_channels(pt.matrix("X")))
    assert "y_mean_max_class" in names
    assert "y_misclass" not in names


def test_a_nested_mlp_prefixes_its_channels_with_its_name(evaluate: Any) -> None:
    inner = MLP(layer_name="in", layers=[Tanh(layer_name="a", dim=3, irange=0.5)])
    mlp = MLP(nvis=5, layers=[inner, Softmax(layer_name="y", n_classes=2, irange=0.5)])
    assert "in_a_row_norms_max" in mlp.get_monitoring_channels((pt.matrix(), pt.matrix()))
    W = inner.layers[0].get_weights()
    decay = mlp.get_weight_decay({"in": {"a": 0.5}})
    assert evaluate(decay) == pytest.approx(0.5 * (W**2).sum())


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "one or more layers"),
        (["h0"], r"layers\[0\] must be a Layer, got 'h0'"),
        (
            [Tanh(layer_name="a", dim=2, irange=0.1), Tanh(layer_name="a", dim=2, irange=0.1)],
            "two layers have the name 'a'",
        ),
        ([Tanh(layer_name="", dim=2, irange=0.1)], "needs a layer_name"),
    ],
)
def test_layers_that_make_no_mlp_are_refused(layers: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MLP(nvis=3, layers=layers)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dim": 0}, "dim must be an integer > 0"),
        ({"dim": 2.5}, "dim must be an integer > 0"),
        ({"max_col_norm": 1.0, "max_row_norm": 1.0}, "not both"),
        ({"init_bias": [1.0, 2.0]}, r"of shape \(3,\)"),
        ({"use_bias": False, "b_lr_scale": 0.5}, "use_bias is false"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(kwargs: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Tanh(**({"layer_name": "h", "dim": 3, "irange": 0.1} | kwargs))


def test_two_seeds_give_two_models() -> None:
    first, again, other = (three_layers(seed=seed).get_param_vector() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_softmax_regression_is_one_softmax_layer_named_y() -> None:
    model = SoftmaxRegression(n_classes=3, nvis=4, irange=0.1, max_col_norm=0.5, seed=8)
    assert [layer.layer_name for layer in model.layers] == ["y"]
    assert model.get_weights().shape == (4, 3)
    assert model.get_default_cost().supervised


def test_an_mlp_can_be_pickled_and_copied() -> None:
    mlp = three_layers()
    for other in (pickle.loads(pickle.dumps(mlp)), copy.deepcopy(mlp)):
        np.testing.assert_array_equal(other.get_param_vector(), mlp.get_param_vector())
        other.set_param_vector(np.zeros(other.get_param_vector().size))
        assert mlp.get_param_vector().any()
        assert other.layers[0].get_mlp() is other
