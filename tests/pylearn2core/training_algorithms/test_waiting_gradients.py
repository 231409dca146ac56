"""Whose code gets gradients that wait, and what it can do with them."""

import numpy as np
import pytensor
import pytest

from pylearn2core.costs.cost import SumOfCosts
from pylearn2core.costs.mlp import Default, WeightDecay
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.engine import gradients
from pylearn2core.engine.graph.gradients import GRADIENTS
from pylearn2core.engine.graph.step import in_order
from pylearn2core.models.mlp import MLP, Linear, Softmax
from pylearn2core.train_extensions import TrainExtension
from pylearn2core.training_algorithms.learning_rule import Momentum
from pylearn2core.training_algorithms.sgd import SGD


class Clipped(Linear):
    """A layer whose weights end a step in [-1, 1]."""

    def _modify_updates(self, updates):
        super()._modify_updates(updates)
        if self.W in updates:
            updates[self.W] = updates[self.W].clip(-1.0, 1.0)


class OwnRule(Momentum):
    def get_updates(self, learning_rate, grads, lr_scalers=None):
        self.seen = list(grads.values())
        return super().get_updates(learning_rate, grads, lr_scalers)


class OwnGradients(Default):
    def get_gradients(self, model, data, **kwargs):
        found, updates = super().get_gradients(model, data, **kwargs)
        self.seen = list(found.values())
        return found, updates


def dataset():
    rng = np.random.RandomState(0)
    return DenseDesignMatrix(X=rng.normal(size=(20, 4)), y=np.eye(3)[rng.randint(0, 3, 20)])


def model(layer=Linear):
    return MLP(
        nvis=4,
        layers=[
            layer(layer_name="h", dim=3, irange=0.5),
            Softmax(layer_name="y", n_classes=3, irange=0.5),
        ],
    )


def set_up(cost=None, rule=None, layer=Linear):
    """SGD after its setup, and its model."""
    algorithm = SGD(learning_rate=0.1, batch_size=5, cost=cost, learning_rule=rule)
    mlp = model(layer)
    algorithm.setup(mlp, dataset())
    return algorithm, mlp


def waits(variables):
    return any(node.op is GRADIENTS for node in in_order(variables))


def test_our_own_costs_and_rules_get_gradients_that_wait():
    for cost in (None, Default(), SumOfCosts([Default(), [0.5, WeightDecay({"h": 0.1})]])):
        for rule in (None, Momentum(0.5)):
            algorithm, _ = set_up(cost, rule)
            assert waits(algorithm._graph.roots)


@pytest.mark.parametrize("wrap", [lambda cost: cost, lambda cost: SumOfCosts([SumOfCosts([cost])])])
def test_what_a_user_overrides_gets_plain_gradients(wrap):
    own = OwnGradients()
    algorithm, _ = set_up(wrap(own))
    assert not waits([*own.seen, *algorithm._graph.roots])
    rule = OwnRule(0.5)
    algorithm, _ = set_up(None, rule)
    assert not waits([*rule.seen, *algorithm._graph.roots])


def test_a_method_put_on_the_object_counts_as_the_users():
    cost = Default()
    cost.get_gradients = lambda model, data, **kw: Default.get_gradients(cost, model, data, **kw)
    algorithm, _ = set_up(cost)
    assert not waits(algorithm._graph.roots)


def trained(algorithm, mlp, epochs=2):
    data = dataset()
    for _ in range(epochs):
        algorithm.train(data)
    return mlp.get_param_values()


def test_a_users_layer_changes_updates_of_gradients_that_wait(monkeypatch):
    found = [trained(*set_up(layer=Clipped)) for _ in range(3)]
    monkeypatch.setattr("pylearn2core.training_algorithms.sgd.gradients_may_wait", lambda *_: False)
    expected = trained(*set_up(layer=Clipped))
    for values in found:
        for one, other in zip(values, expected, strict=True):
            np.testing.assert_array_equal(one, other)


class Speed(TrainExtension):
    """Compiles how far a step moves the first weights."""

    def setup(self, model, dataset, algorithm):
        first = model.get_params()[0]
        step = algorithm._graph
        change = abs(step.updates[first] - first).max()
        self.of = pytensor.function(
            [group[0] for group in step.inputs], change, mode="FAST_COMPILE"
        )


def test_an_extension_compiles_what_a_step_does():
    algorithm, mlp = set_up()
    data, speed = dataset(), Speed()
    speed.setup(mlp, data, algorithm)
    x, y = data.X[:5], data.y[:5]
    before = mlp.get_params()[0].get_value()
    expected = speed.of(x, y)
    inputs = [group[0] for group in algorithm._graph.inputs]
    cost = Default().expr(mlp, tuple(inputs))
    (gradient,) = gradients(cost, mlp.get_params()[:1])
    by_hand = pytensor.function(inputs, gradient, mode="FAST_COMPILE")(x, y)
    np.testing.assert_allclose(expected, 0.1 * abs(by_hand).max(), rtol=1e-6)
    np.testing.assert_array_equal(before, mlp.get_params()[0].get_value())
