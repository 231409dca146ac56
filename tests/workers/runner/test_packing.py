"""Attempts side by side: how many, and in what programs."""

from functools import partial

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.engine import Bound, Measure, Order, Step, TrainPass
from sweeper.records import Built
from sweeper.workers.runner import packing
from sweeper.workers.runner.packing import reply_of, side_by_side

X = np.random.RandomState(0).rand(12, 3)
ORDER = Order.of([slice(0, 8), slice(8, 12)], 12)


def attempt(seed, epochs, info):
    """Built; then monitoring and an epoch in turns. info: gets what each pass ran in."""
    weights, x = pytensor.shared(np.random.RandomState(seed).randn(3)), pt.dmatrix("x")
    cost = pt.sqr(x @ weights).mean()
    step = {weights: weights - 0.1 * pytensor.grad(cost, weights)}
    train = TrainPass(Bound(Step(((x,),), step, ())), (X,), ORDER)
    measure = Measure(Bound(Step(((x,),), {}, (cost,))), (((X,), ORDER),))
    yield Built(0, str(seed), 1, 0.0)
    info["passes"] = []
    for _ in range(epochs):
        for request in (measure, train):
            answered = yield request
            info["passes"].append((type(request).__name__, answered.slots))
            reply_of(request, answered, info)


def run(count, monkeypatch, *, measure, train, epochs=2):
    infos = [{} for _ in range(count)]

    def width(request, asked, mates):
        return train if isinstance(request, TrainPass) else measure

    monkeypatch.setattr(packing, "width", width)
    attempts = (attempt(seed, epochs, info) for seed, info in enumerate(infos))
    return list(side_by_side(partial(next, iter(attempts), None), None)), infos


def test_monitoring_and_training_each_have_their_own_width(monkeypatch):
    items, infos = run(4, monkeypatch, measure=1, train=4)
    assert len(items) == 4
    # The first one monitors before anything else is known; then there are four side by side.
    assert [info["passes"] for info in infos] == [[("Measure", 1), ("TrainPass", 4)] * 2] * 4
    assert [(info["mode"], info["slots"]) for info in infos] == [("pack", 4)] * 4


def test_training_alone_is_what_a_trial_records_where_only_monitoring_is_packed(monkeypatch):
    _, infos = run(4, monkeypatch, measure=4, train=1)
    assert [info["passes"] for info in infos] == [[("Measure", 4), ("TrainPass", 1)] * 2] * 4
    assert [(info["mode"], info["slots"]) for info in infos] == [("single", 1)] * 4


def test_trials_that_start_later_tell_how_many_go_side_by_side_by_then(monkeypatch):
    items, _ = run(6, monkeypatch, measure=1, train=4)
    assert [item.slots for item in items] == [1, 4, 4, 4, 4, 4]


def test_a_free_slot_is_taken_by_what_comes_while_others_run(monkeypatch):
    monkeypatch.setattr(packing, "width", lambda request, asked, mates: 7)
    infos = [{} for _ in range(3)]
    coming = [attempt(0, 3, infos[0])]
    items = side_by_side(lambda: coming.pop() if coming else None, None)
    assert next(items).slots == 1
    coming += [attempt(1, 3, infos[1]), attempt(2, 3, infos[2])]
    assert [item.trial for item in items] == ["2", "1"]
    assert infos[0]["passes"][0] == ("Measure", 7)
    assert [one["slots"] for one in infos] == [7, 7, 7]


def test_what_the_engine_raises_for_a_trial_is_raised_in_that_trial(monkeypatch):
    def broken(self):
        raise ZeroDivisionError("in the program")

    monkeypatch.setattr(TrainPass, "answer", broken)
    with pytest.raises(ZeroDivisionError, match="in the program"):
        run(1, monkeypatch, measure=1, train=1)


def test_more_trials_of_a_key_compile_nothing_more(monkeypatch, caplog):
    def compiled(count, slots):
        caplog.clear()
        with jax.log_compiles(True):
            run(count, monkeypatch, measure=slots, train=slots)
        said = [one.getMessage() for one in caplog.records]
        return sum(one.startswith("Compiling") and "_pass" in one for one in said)

    # Training and monitoring, each with both sizes of batches.
    assert compiled(5, 5) == 2
    assert compiled(15, 5) == 0
    assert compiled(3, 3) == 2
    assert compiled(5, 5) == 0
