"""What is kept of the programs of many keys, and of one key at many shapes."""

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.cache import Bounded
from pylearn2core.engine import Bound, Order, Step, evaluate
from pylearn2core.engine.pack import compiled
from pylearn2core.engine.program.layout import Layout


def on_device(arrays):
    return tuple(jax.device_put(array) for array in arrays)


def test_a_long_lived_worker_keeps_a_bounded_number_of_compiled_shapes(monkeypatch):
    monkeypatch.setattr(compiled, "_SHAPES_KEPT", 2)
    x = np.ones((4, 3))
    for width in [2, 3, 4, 2]:
        weights = pytensor.shared(np.ones((3, width)), name="W")
        batch = pt.matrix("x")
        step = Step(((batch,),), {weights: weights * 0.5}, ((batch @ weights).sum(),))
        bound = Bound(step)
        bound.train(on_device((x,)), Order.of([slice(0, 4)], 4))
        np.testing.assert_array_equal(weights.get_value(), np.full((3, width), 0.5))
        assert bound.compiled.program._train[Layout.ALONE]._cache_size() <= 2


def test_a_long_lived_worker_keeps_a_bounded_number_of_keys(monkeypatch):
    monkeypatch.setattr(compiled, "_by_key", Bounded(3))
    value = pytensor.shared(1.0)
    for power in range(2, 8):
        (result,) = evaluate([(value + 1) ** power])
        assert result == 2**power
    assert len(compiled._by_key) == 3


def test_one_trials_wrong_shapes_do_not_move_the_others_to_the_host():
    def product(n_in):
        weights = pytensor.shared(np.ones((n_in, 2)), name="W")
        x = pt.matrix("x")
        return Bound(Step(((x,),), {weights: weights * 0.75}, ((x @ weights).sum(),)))

    order = Order.of([slice(0, 4)], 4)
    x = on_device((np.ones((4, 3)),))
    with pytest.raises(ValueError, match="incompatible array sizes"):
        product(5).measure([(x, order)])
    good = product(3)
    assert good.measure([(x, order)]) == [[24.0]]
    assert good.compiled.is_on_device


def test_compiled_batch_sizes_are_bounded_too(monkeypatch):
    monkeypatch.setattr(compiled, "_SHAPES_KEPT", 2)
    weights = pytensor.shared(np.ones((3, 2)), name="W")
    x = pt.matrix("x")
    bound = Bound(Step(((x,),), {weights: weights * 0.625}, ((x @ weights).sum(),)))
    for size in [1, 2, 3, 4, 1]:
        bound.train(on_device((np.ones((4, 3)),)), Order.of([slice(0, size)], 4))
        assert bound.compiled.program._train[Layout.ALONE]._cache_size() <= 2
