"""From a step whose gradients wait to its program."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pylearn2core.cache import Bounded
from pylearn2core.engine import Bound, Order, Step, gradients, on_device, waiting
from pylearn2core.engine.graph import shortcuts
from pylearn2core.engine.graph.gradients import GRADIENTS
from pylearn2core.engine.graph.reading import read


@pytest.fixture(autouse=True)
def no_shortcuts(monkeypatch):
    monkeypatch.setattr(shortcuts, "_shortcuts", Bounded(128))


def regression(decay=0.01, slope=0.5, rate=0.1, *, waits=True, seed=0):
    """(step, its parameters): logistic regression with weight decay, a step of plain descent."""
    rng = np.random.default_rng(seed)
    W, b = pytensor.shared(rng.normal(size=(3, 2))), pytensor.shared(rng.normal(size=2))
    step_size = pytensor.shared(np.float64(rate))
    x, y = pt.matrix("x"), pt.matrix("y")
    out = pt.sigmoid(slope * (x @ W + b))
    cost = pt.sqr(out - y).mean() + decay * (pt.sqr(W).sum() + abs(b).sum())
    with waiting(waits):
        found = gradients(cost, [W, b])
    updates = {p: p - step_size * g for p, g in zip([W, b], found, strict=True)}
    return Step(((x,), (y,)), updates, ()), [W, b]


def has_waiting(step):
    return read(step).waits


numbers = st.floats(0.01, 0.99)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=5))
def test_a_shortcut_gives_what_is_read_of_the_whole_graph(trials):
    for decay, slope, rate in trials:
        step, _ = regression(decay, slope, rate)
        resolved = shortcuts.resolve(step).reading
        whole = shortcuts.with_gradients(step)
        reading = read(whole)
        assert resolved.key == reading.key
        assert resolved.shared == reading.shared
        np.testing.assert_array_equal(resolved.values, reading.values)
        assert not has_waiting(whole)


def test_the_key_is_that_of_a_step_whose_gradients_never_waited():
    step, _ = regression(0.1, 0.2)
    plain, _ = regression(0.3, 0.4, waits=False)
    assert has_waiting(step)
    assert not has_waiting(plain)
    assert shortcuts.resolve(step).reading.key == shortcuts.resolve(plain).reading.key


def test_one_number_in_two_places_is_no_reason_to_take_them_for_one():
    # PyTensor hands out one constant for equal numbers; the next trial's differ.
    shortcuts.resolve(regression(decay=0.25, slope=0.25)[0])
    for decay, slope in [(0.5, 0.75), (0.75, 0.5), (0.1, 0.2)]:
        step, _ = regression(decay, slope)
        expected = read(shortcuts.with_gradients(step)).values
        np.testing.assert_array_equal(shortcuts.resolve(step).reading.values, expected)


def worked_out_times(monkeypatch, trials):
    """For each trial, whether its gradients were worked out."""
    calls = []
    plain = shortcuts.with_gradients
    monkeypatch.setattr(shortcuts, "with_gradients", lambda *args: calls.append(1) or plain(*args))
    found = []
    for trial in trials:
        shortcuts.resolve(regression(*trial)[0])
        found.append(bool(calls))
        calls.clear()
    return found


def test_a_place_is_trusted_once_another_value_was_seen_to_pass_it(monkeypatch):
    trials = [(0.1, 0.5), (0.1, 0.5, 0.9), (0.2, 0.5), (0.3, 0.5), (0.3, 0.6), (0.4, 0.7)]
    assert worked_out_times(monkeypatch, trials) == [True, False, True, False, True, False]


def test_a_shortcut_that_does_not_hold_is_not_taken_again(monkeypatch):
    shortcuts.resolve(regression(0.1, 0.5)[0])
    (shortcut,) = shortcuts._shortcuts.values()
    shortcut.sources = np.roll(shortcut.sources, 1)  # as if the gradients looked at a value
    assert worked_out_times(monkeypatch, [(0.2, 0.6), (0.3, 0.7), (0.1, 0.5)]) == [True] * 3
    step, _ = regression(0.4, 0.9)
    np.testing.assert_array_equal(
        shortcuts.resolve(step).reading.values, read(shortcuts.with_gradients(step)).values
    )


def test_shortcuts_are_bounded_and_keep_no_trials_variables(monkeypatch):
    monkeypatch.setattr(shortcuts, "_shortcuts", Bounded(2))
    x = pt.matrix("x")
    for power in (2, 3, 4, 5):  # an exponent is a part of the key
        W = pytensor.shared(np.ones((3, 2)))
        with waiting(True):
            (found,) = gradients(((x @ W) ** power).sum(), [W])
        shortcuts.resolve(Step(((x,),), {W: W - found}, ()))
    assert len(shortcuts._shortcuts) == 2
    for shortcut in shortcuts._shortcuts.values():
        assert shortcut.whole.shared == ()
        assert all(node is None for node, _, _ in shortcut.whole.lifted)


def train(step, params, epochs=2):
    rng = np.random.default_rng(5)
    data = on_device_pair(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)))
    order = Order.of([slice(0, 8), slice(8, 16), slice(16, 20)], 20)
    bound = Bound(step)
    for _ in range(epochs):
        bound.train(data, order)
    return [param.get_value() for param in params]


def on_device_pair(*arrays):
    from pylearn2core.space import VectorSpace

    return tuple(
        on_device(array, VectorSpace(array.shape[1]), VectorSpace(array.shape[1]))
        for array in arrays
    )


def test_training_by_a_shortcut_gives_the_same_bits():
    for decay, slope in [(0.1, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.7)]:
        found = train(*regression(decay, slope))
        expected = train(*regression(decay, slope, waits=False))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


# ------------------------------------------------------------------ gradients that wait, to a user
def test_a_users_own_function_computes_gradients_that_wait():
    W = pytensor.shared(np.array([1.0, 2.0]))
    x = pt.vector("x")
    with waiting(True):
        (found,) = gradients((x * pt.sqr(W)).sum(), [W])
    assert found.owner.op is GRADIENTS
    for mode in ("FAST_COMPILE", "JAX"):
        np.testing.assert_allclose(pytensor.function([x], found, mode=mode)([3.0, 4.0]), [6, 16])


def test_gradients_that_wait_can_be_differentiated():
    W = pytensor.shared(np.array([1.0, 2.0]))
    with waiting(True):
        (first,) = gradients((W**3).sum(), [W])
    second = pytensor.grad(first.sum(), W)
    np.testing.assert_allclose(pytensor.function([], second, mode="FAST_COMPILE")(), [6, 12])


def test_a_parameter_that_the_cost_does_not_need_has_a_gradient_of_zeros():
    W, unused = pytensor.shared(np.ones(2)), pytensor.shared(np.ones(3))
    with waiting(True):
        found = gradients(pt.sqr(W).sum(), [W, unused])
    values = pytensor.function([], found, mode="FAST_COMPILE")()
    np.testing.assert_array_equal(values[1], np.zeros(3))


def test_gradients_wait_only_where_they_are_told_that_they_may():
    W = pytensor.shared(np.ones(2))
    (found,) = gradients(pt.sqr(W).sum(), [W])
    assert found.owner.op is not GRADIENTS
