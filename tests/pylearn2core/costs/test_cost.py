from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.costs.combined import sharing_values
from pylearn2core.costs.cost import (
    Cost,
    DefaultDataSpecsMixin,
    FixedVarDescr,
    LpPenalty,
    MethodCost,
    NullDataSpecsMixin,
    SumOfCosts,
)
from pylearn2core.costs.mlp import Default, L1WeightDecay, WeightDecay
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.mlp import MLP, Linear, Softmax, Tanh
from pylearn2core.space import CompositeSpace, NullSpace, VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import sharedX

X = np.random.RandomState(0).normal(size=(5, 4))
Y = np.eye(3)[[0, 2, 1, 1, 0]]


@pytest.fixture
def mlp() -> MLP:
    return MLP(
        nvis=4,
        layers=[
            Tanh(layer_name="h", dim=3, irange=0.5),
            Softmax(layer_name="y", n_classes=3, irange=0.5),
        ],
    )


def batch() -> tuple[Any, Any]:
    return pt.matrix("X"), pt.matrix("Y")


def value(output: Any, data: Any = ()) -> Any:
    run = pytensor.function(list(data), output, mode="FAST_COMPILE", on_unused_input="ignore")
    return run(*(X, Y)[: len(data)])


class Reconstruction(DefaultDataSpecsMixin, Cost):
    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        self.get_data_specs(model)[0].validate(data)
        return pt.sqr(data).sum(axis=1).mean()


class Sampled(DefaultDataSpecsMixin, Cost):
    """No value; gradients of its own, and one more update."""

    def __init__(self) -> None:
        self.state = sharedX(0.0, "state")

    def expr(self, model: Any, data: Any, **kwargs: Any) -> None:
        return None

    def get_gradients(self, model: Any, data: Any, **kwargs: Any) -> Any:
        grads = OrderedDict((param, param * 2.0) for param in model.get_params())
        return grads, OrderedDict([(self.state, self.state + 1.0)])

    def is_stochastic(self) -> bool:
        return True


def test_supervised_costs_ask_for_inputs_and_targets_and_others_for_inputs(mlp: MLP) -> None:
    space, source = Default().get_data_specs(mlp)
    assert space == CompositeSpace([VectorSpace(4), VectorSpace(3)])
    assert source == ("features", "targets")
    assert Reconstruction().get_data_specs(mlp) == (VectorSpace(4), "features")
    space, source = WeightDecay({}).get_data_specs(mlp)
    assert isinstance(space, NullSpace)
    assert source == ""


def test_gradients_are_those_of_the_expression(mlp: MLP) -> None:
    x, y = batch()
    grads, updates = Default().get_gradients(mlp, (x, y))
    assert list(grads) == mlp.get_params()
    assert updates == {}
    expected = pytensor.grad(mlp.cost_from_X((x, y)), mlp.get_params())
    for grad, other in zip(grads.values(), expected, strict=True):
        np.testing.assert_allclose(value(grad, (x, y)), value(other, (x, y)), rtol=1e-13)


def test_a_parameter_that_the_cost_does_not_use_has_gradient_zero(mlp: MLP) -> None:
    x = pt.matrix("X")
    grads, _ = Reconstruction().get_gradients(mlp, x)
    assert [np.abs(value(grad, (x,))).max() for grad in grads.values()] == [0.0] * 4


def test_weight_decays_are_sums_without_a_half_and_without_biases(mlp: MLP) -> None:
    W, _, _, V = mlp.get_param_values()
    decay = WeightDecay({"h": 0.25, "y": 0.5}).expr(mlp, None)
    assert value(decay) == pytest.approx(0.25 * (W**2).sum() + 0.5 * (V**2).sum())
    penalty = L1WeightDecay([0.25, 0.0]).expr(mlp, None)
    assert value(penalty) == pytest.approx(0.25 * np.abs(W).sum())
    assert (decay.name, penalty.name) == ("weight_decay", "l1_penalty")


def test_sum_of_costs_weighs_its_terms(mlp: MLP) -> None:
    x, y = batch()
    total = SumOfCosts([Default(), [0.1, WeightDecay({"h": 0.5})], [2, Reconstruction()]])
    assert total.supervised
    space, source = total.get_data_specs(mlp)
    assert space == CompositeSpace([VectorSpace(4), VectorSpace(3)])
    assert source == ("features", "targets")
    parts = [
        value(mlp.cost_from_X((x, y)), (x, y)),
        0.1 * 0.5 * (mlp.get_param_values()[0] ** 2).sum(),
        2 * (X**2).sum(axis=1).mean(),
    ]
    assert value(total.expr(mlp, (x, y)), (x, y)) == pytest.approx(sum(parts))
    grads, _ = total.get_gradients(mlp, (x, y))
    expected = pytensor.grad(total.expr(mlp, (x, y)), mlp.get_params())
    for grad, other in zip(grads.values(), expected, strict=True):
        np.testing.assert_allclose(value(grad, (x, y)), value(other, (x, y)), rtol=1e-12)


def test_sum_of_costs_names_a_channel_for_each_term_before_its_coefficient(mlp: MLP) -> None:
    x, y = batch()
    total = SumOfCosts([Default(), [0.1, WeightDecay({"h": 0.5})], L1WeightDecay({"h": 0.5})])
    channels = total.get_monitoring_channels(mlp, (x, y))
    assert list(channels) == ["term_0", "term_1_weight_decay", "term_2_l1_penalty"]
    W = mlp.get_param_values()[0]
    assert value(channels["term_1_weight_decay"], (x, y)) == pytest.approx(0.5 * (W**2).sum())


def test_a_cost_that_is_a_mean_is_named_so() -> None:
    model = MLP(nvis=4, layers=[Linear(layer_name="y", dim=3, irange=0.5)])
    channels = SumOfCosts([Default()]).get_monitoring_channels(model, batch())
    assert list(channels) == ["term_0_mean"]


def test_a_sum_of_penalties_alone_needs_no_data(mlp: MLP) -> None:
    total = SumOfCosts([WeightDecay({"h": 0.5}), [0.5, L1WeightDecay({"h": 1.0})]])
    space, _ = total.get_data_specs(mlp)
    assert isinstance(space, NullSpace)
    W = mlp.get_param_values()[0]
    assert value(total.expr(mlp, None)) == pytest.approx(0.5 * ((W**2).sum() + np.abs(W).sum()))
    assert not total.supervised


def test_a_sum_of_unsupervised_costs_takes_the_inputs_alone(mlp: MLP) -> None:
    x = pt.matrix("X")
    total = SumOfCosts([Reconstruction(), [0.5, Reconstruction()]])
    assert total.get_data_specs(mlp) == (VectorSpace(4), "features")
    assert value(total.expr(mlp, x), (x,)) == pytest.approx(1.5 * (X**2).sum(axis=1).mean())


def test_a_term_without_value_leaves_the_sum_without_one_but_its_gradients_count(
    mlp: MLP,
) -> None:
    x = pt.matrix("X")
    sampled = Sampled()
    total = SumOfCosts([Reconstruction(), [0.5, sampled]])
    assert total.expr(mlp, x) is None
    assert total.is_stochastic()
    grads, updates = total.get_gradients(mlp, x)
    assert list(updates) == [sampled.state]
    W = mlp.get_params()[0]
    np.testing.assert_allclose(value(grads[W], (x,)), W.get_value())
    with pytest.raises(ConfigError, match="two of its costs update state, each its own way"):
        SumOfCosts([sampled, sampled]).get_gradients(mlp, x)


def test_a_cost_without_value_has_to_bring_its_gradients(mlp: MLP) -> None:
    class Valueless(Reconstruction):
        def expr(self, model: Any, data: Any, **kwargs: Any) -> None:
            return None

    with pytest.raises(UnsupportedError, match="has to implement get_gradients"):
        Valueless().get_gradients(mlp, pt.matrix("X"))


def test_a_cost_that_is_no_scalar_is_refused(mlp: MLP) -> None:
    class Rows(Reconstruction):
        def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
            return data.sum(axis=1)

    with pytest.raises(ConfigError, match=r"has to return a scalar.*mean over the examples"):
        Rows().get_gradients(mlp, pt.matrix("X"))


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([], "one or more costs"),
        ([0.1], r"costs\[0\] must be a cost or a pair"),
        ([Default(), [Default(), 0.1]], r"costs\[1\] must be a cost or a pair"),
    ],
)
def test_what_is_no_list_of_costs_is_refused(costs: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SumOfCosts(costs)


def test_fixed_variables_are_gathered(mlp: MLP) -> None:
    class Fixing(Reconstruction):
        def get_fixed_var_descr(self, model: Any, data: Any) -> FixedVarDescr:
            descr = super().get_fixed_var_descr(model, data)
            descr.fixed_vars["mask"] = sharedX(1.0)
            descr.on_load_batch.append(print)
            return descr

    x = pt.matrix("X")
    descr = SumOfCosts([Fixing(), Reconstruction()]).get_fixed_var_descr(mlp, x)
    assert list(descr.fixed_vars) == ["mask"]
    assert descr.on_load_batch == [print]
    with pytest.raises(ConfigError, match="two of its costs fix a variable of the name mask"):
        SumOfCosts([Fixing(), Fixing()]).get_fixed_var_descr(mlp, x)


def test_method_cost_calls_the_models_method(mlp: MLP) -> None:
    x, y = batch()
    cost = MethodCost("cost_from_X")
    assert cost.get_data_specs(mlp) == Default().get_data_specs(mlp)
    expected = value(Default().expr(mlp, (x, y)), (x, y))
    assert value(cost.expr(mlp, (x, y)), (x, y)) == pytest.approx(expected)
    given = MethodCost("fprop", data_specs=[VectorSpace(4), "features"])
    assert given.get_data_specs(mlp) == (VectorSpace(4), "features")
    with pytest.raises(ConfigError, match="MLP has no method 'energy'"):
        MethodCost("energy").expr(mlp, (x, y))


def test_lp_penalty_is_the_sum_of_powers(mlp: MLP) -> None:
    W, b, _, _ = mlp.get_params()
    b.set_value(np.array([1.0, -2.0, 0.0]))
    penalty = LpPenalty([W, b], p=3).expr(mlp, None)
    expected = (np.abs(W.get_value()) ** 3).sum() + 9.0
    assert value(penalty) == pytest.approx(expected)


def test_two_coefficients_give_graphs_of_the_same_types(mlp: MLP) -> None:
    def types(coeff: Any) -> list[str]:
        term = SumOfCosts([[coeff, WeightDecay({"h": coeff})], Default()]).expr(mlp, batch())
        return [str(v.type) for v in pytensor.graph.traversal.ancestors([term])]

    assert types(0.5) == types(0.1) == types(3)


def test_without_data_specs_a_cost_says_where_to_get_them(mlp: MLP) -> None:
    with pytest.raises(UnsupportedError, match="Inherit from DefaultDataSpecsMixin"):
        Cost().get_data_specs(mlp)
    assert issubclass(LpPenalty, NullDataSpecsMixin)


class Noisy(DefaultDataSpecsMixin, Cost):
    """Noise times the sum of the first weights."""

    def __init__(self) -> None:
        self.noise = MRG_RandomStreams(3).normal(size=())

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        return self.noise * model.get_params()[0].sum() + 0.0 * data.sum()


def test_a_step_moves_the_random_states_that_the_cost_draws_from(mlp: MLP) -> None:
    cost, x = Noisy(), pt.matrix("X")
    grads, updates = SumOfCosts([cost, [0.5, cost]]).get_gradients(mlp, x)
    assert list(updates) == [cost.noise.rng]
    W = mlp.get_params()[0]
    step = pytensor.function([x], grads[W], updates=list(updates.items()), mode="FAST_COMPILE")
    drawn = {float(step(X)[0, 0]) for _ in range(5)}
    assert len(drawn) == 5


class Counted(DefaultDataSpecsMixin, Cost):
    """How often it was asked for its value is in `asked`."""

    def __init__(self, *, stochastic: bool) -> None:
        self.asked, self.stochastic = 0, stochastic

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        self.asked += 1
        return pt.sqr(data).mean() * self.asked

    def is_stochastic(self) -> bool:
        return self.stochastic


@pytest.mark.parametrize(("stochastic", "asked"), [(False, 1), (True, 2)])
def test_a_terms_channel_shares_the_objectives_value_unless_it_draws(
    mlp: MLP, stochastic: bool, asked: int
) -> None:
    part = Counted(stochastic=stochastic)
    cost = SumOfCosts([part, WeightDecay({"h": 0.5})])
    x = pt.matrix("X")
    with sharing_values():
        objective, channels = cost.expr(mlp, x), cost.get_monitoring_channels(mlp, x)
        assert part.asked == asked
        assert (
            channels["term_0"] in pytensor.graph.traversal.ancestors([objective])
        ) is not stochastic
        cost.expr(mlp, pt.matrix("another X"))
        assert part.asked == asked + 1
    part.asked = 0
    cost.expr(mlp, x)
    assert part.asked == 1  # a batch's value is forgotten with the batch
