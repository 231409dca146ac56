"""What was measured before, from the same values on the same data, is not measured again."""

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.engine import Bound, Measure, Order, Step, TrainPass, answer
from pylearn2core.engine.program.device import DeviceProgram

ROWS = 12
ORDER = Order.of([slice(0, 5), slice(5, 10), slice(10, 12)], ROWS)
RATE = 0.1


def arrays(seed=0):
    return (jax.device_put(np.random.RandomState(seed).randn(ROWS, 3)),)


def trial(seed, data, scale=0.3, order=ORDER):
    """(request to train, request to measure, weights) of a trial whose first ones `seed` gives."""
    x = pt.matrix("x")
    weights = pytensor.shared(np.random.RandomState(seed).randn(3), name="w")
    cost = pt.sqr(x @ weights).mean() * scale
    step = {weights: weights - RATE * pytensor.grad(cost, weights)}
    train = TrainPass(Bound(Step(((x,),), step, ())), data, order)
    return train, Measure(Bound(Step(((x,),), {}, (cost,))), ((data, order),)), weights


def expected(weights, data, scale=0.3):
    x = np.asarray(data[0])
    costs = [((x[rows] @ weights) ** 2).mean() * scale for rows in ORDER.batches]
    return np.average(costs, weights=ORDER.sizes)


@pytest.fixture
def measured(monkeypatch):
    """How many trials were measured, call by call."""
    counts = []
    alone, pack = DeviceProgram.measure, DeviceProgram.measure_pack

    def count_alone(self, *args):
        counts.append(1)
        return alone(self, *args)

    def count_pack(self, shared, lifted, passes, **kwargs):
        counts.append(len(passes))
        return pack(self, shared, lifted, passes, **kwargs)

    monkeypatch.setattr(DeviceProgram, "measure", count_alone)
    monkeypatch.setattr(DeviceProgram, "measure_pack", count_pack)
    return counts


def means_of(requests, n_slots=1):
    return [one.reply[0, 0] for one in answer(requests, n_slots)]


@pytest.mark.parametrize("n_slots", [1, 2])
def test_equal_first_values_are_measured_once(measured, n_slots):
    data = arrays()
    seeds = [7, 8, 7, 7, 8]
    trials = [trial(seed, data) for seed in seeds]
    found = means_of([request for _, request, _ in trials], n_slots)
    later = means_of([trial(7, data)[1]], n_slots)
    wanted = [expected(weights.get_value(), data) for _, _, weights in trials]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert later == [found[0]]
    assert sum(measured) == 2


def test_other_data_other_constants_and_other_orders_are_measured(measured):
    first, second = arrays(0), arrays(1)
    other = Order.of([slice(0, ROWS)], ROWS)
    requests = [
        trial(7, first)[1],
        trial(7, second)[1],
        trial(7, first, scale=0.6)[1],
        trial(7, first, order=other)[1],
    ]
    found = [means_of([request])[0] for request in requests]
    assert len(measured) == 4
    np.testing.assert_allclose(found[2], 2 * found[0], rtol=1e-12)
    weights = np.random.RandomState(7).randn(3)
    np.testing.assert_allclose(found[1], expected(weights, second), rtol=1e-12)


def test_trained_values_are_measured_anew_and_so_are_those_that_host_code_sets(measured):
    data = arrays()
    train, request, weights = trial(7, data)
    before = means_of([request])
    answer([train], 1)
    after = means_of([request])
    np.testing.assert_allclose(after, [expected(weights.get_value(), data)], rtol=1e-12)
    assert after < before
    weights.set_value(weights.get_value() * 2)
    np.testing.assert_allclose(means_of([request]), 4 * np.array(after), rtol=1e-12)
    assert len(measured) == 3


def test_data_that_is_gone_is_never_taken_for_data_that_stands_in_its_place(measured):
    for seed in range(20):
        data = arrays(seed)
        _, request, weights = trial(7, data)
        np.testing.assert_allclose(
            means_of([request]), [expected(weights.get_value(), data)], rtol=1e-12
        )
        del data, request
    assert len(measured) == 20


def test_what_draws_at_random_is_measured_each_time(measured):
    x = pt.matrix("x")
    data = arrays()

    def request():
        rng = pt.random.shared_rng(seed=3)
        new_rng, draw = rng.uniform(0.0, 1.0, size=x.shape[:1])
        return Measure(Bound(Step(((x,),), {rng: new_rng}, (draw.mean(),))), ((data, ORDER),))

    one, two = request(), request()
    assert means_of([one]) == means_of([two])  # from one seed
    assert means_of([one]) != means_of([request()])
    assert len(measured) == 4


def test_a_pack_of_another_width_measures_for_itself(measured):
    data = arrays()
    for n_slots in (1, 2, 4):
        means_of([trial(7, data)[1]], n_slots)
    assert len(measured) == 3


def test_what_failed_for_one_trial_is_tried_for_those_with_the_same_values(monkeypatch):
    data = arrays()
    requests = [trial(7, data)[1] for _ in range(3)]
    measure, calls = DeviceProgram.measure, []

    def fails_once(self, *args):
        calls.append(args)
        if len(calls) == 1:
            raise MemoryError("for a moment")
        return measure(self, *args)

    monkeypatch.setattr(DeviceProgram, "measure", fails_once)
    first, *others = answer(requests, 1)
    assert isinstance(first.reply, MemoryError)
    wanted = expected(np.random.RandomState(7).randn(3), data)
    np.testing.assert_allclose([one.reply[0, 0] for one in others], [wanted] * 2, rtol=1e-12)


def test_a_batch_that_came_by_is_not_remembered(measured):
    data = arrays()
    for _ in range(2):
        _, request, _ = trial(7, data)
        means_of([Measure(request.step, request.passes, recurs=False)])
    assert len(measured) == 2
