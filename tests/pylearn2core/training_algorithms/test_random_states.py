"""Random states move on inside training: every batch has its own draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.engine import Bound, Order, Step, restore, saved
from pylearn2core.models.model import Model
from pylearn2core.space import VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import sharedX


class Walker(Model):
    def __init__(self) -> None:
        super().__init__()
        self.w = sharedX(0.0, "w")
        self._params = [self.w]
        self.input_space = VectorSpace(1)


class RandomSlope(DefaultDataSpecsMixin, Cost):
    """u w, with u in [0, 1) drawn for each batch, by gradients of its own."""

    def get_gradients(self, model: Any, data: Any, **kwargs: Any) -> Any:
        stream = MRG_RandomStreams(7)
        return {model.w: stream.uniform(()) + 0.0 * data.sum()}, {}


def test_each_batch_draws_anew() -> None:
    path: list[float] = []
    dataset = DenseDesignMatrix(X=np.ones((8, 1)))
    model = Walker()
    algorithm = SGD(
        learning_rate=1.0,
        batch_size=2,
        cost=RandomSlope(),
        update_callbacks=lambda sgd: path.append(float(sgd.model.w.get_value())),
    )
    algorithm.setup(model, dataset)
    for _ in range(2):
        algorithm.train(dataset)
    draws = -np.diff([0.0, *path])
    assert ((draws >= 0) & (draws < 1)).all()
    assert len(set(draws.round(9))) == 8


def step_of_a_walk(*, on_host: bool) -> tuple[Bound, Any, list[Any]]:
    """(a step that adds a draw to w, w, all its shared variables)."""
    w, stream, X = sharedX(0.0, "w"), MRG_RandomStreams(3), pt.matrix()
    draw = stream.uniform(())
    if on_host:  # a shape that depends on a value: JAX can't trace it
        draw = draw + pt.arange(X.sum().astype("int64")).sum().astype("float64")
    updates = {w: w + draw + 0.0 * X.sum(), **dict(stream.updates())}
    step = Bound(Step(((X,),), updates, ()))
    return step, w, list(step.shared)


@pytest.mark.parametrize("on_host", [False, True])
def test_a_state_that_is_restored_gives_the_same_draws(on_host: bool, caplog: Any) -> None:
    step, w, shared = step_of_a_walk(on_host=on_host)
    data, order = (np.ones((4, 1)),), Order.of([slice(0, 2), slice(2, 4)], 4)
    step.train(data, order)
    assert ("own linker" in caplog.text) == on_host
    kept = [saved(variable) for variable in shared]
    step.train(data, order)
    expected = float(w.get_value())
    other, other_w, other_shared = step_of_a_walk(on_host=on_host)
    for variable, value in zip(other_shared, kept, strict=True):
        restore(variable, value)
    other.train(data, order)
    assert float(other_w.get_value()) == expected
    assert float(kept[0]) not in (0.0, expected)
