"""Learning rates that change after each batch, against their formulas."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytensor
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms import sgd
from pylearn2core.training_algorithms.sgd import (
    SGD,
    AnnealedLearningRate,
    ExponentialDecay,
    LinearDecay,
)

RATE = 0.02  # of the regression fixture


def exponential(done: int) -> float:
    return max(RATE / 1.3**done, 0.002)


def linear(done: int) -> float:
    step = RATE * (1 - 0.1) / (11 - 4 + 1)
    if done < 4:
        return RATE
    return RATE - step * (done - 4 + 1) if done < 11 else RATE * 0.1


def annealed(done: int) -> float:
    return RATE * min(1.0, 4 / done) if done else RATE


CASES = [
    (lambda: ExponentialDecay(decay_factor=1.3, min_lr=0.002), exponential),
    (lambda: ExponentialDecay(decay_factor="1.3", min_lr="2e-3"), exponential),
    (lambda: LinearDecay(start=4, saturate=11, decay_factor=0.1), linear),
    (lambda: AnnealedLearningRate(anneal_start=4), annealed),
]


@pytest.mark.parametrize(("make", "formula"), CASES)
def test_each_batch_is_trained_with_the_rate_of_the_formula(
    regression: Any, make: Any, formula: Any
) -> None:
    train = regression.trained([make()])
    record = train.model.monitor.channels["learning_rate"].val_record
    expected = [formula(epoch * regression.batches) for epoch in range(regression.epochs + 1)]
    np.testing.assert_allclose(record, expected, rtol=1e-12)
    assert len({f"{rate:.6g}" for rate in expected}) > 2
    rates = [formula(done) for done in range(regression.epochs * regression.batches)]
    for value, wanted in zip(
        train.model.get_param_values(), regression.by_hand(rates)[-1], strict=True
    ):
        np.testing.assert_allclose(value, wanted, rtol=1e-12)


def passes_of_an_epoch(regression: Any, callbacks: Any) -> int:
    algorithm = regression.algorithm(callbacks)
    algorithm.setup(regression.model(), regression.dataset)
    count, passes = 0, algorithm.passes(regression.dataset)
    request = next(passes, None)
    while request is not None:
        count += 1
        try:
            request = passes.send(request.answer())
        except StopIteration:
            request = None
    return count


def test_a_schedule_leaves_an_epoch_one_pass_and_a_function_makes_it_one_a_batch(
    regression: Any,
) -> None:
    assert passes_of_an_epoch(regression, [ExponentialDecay(1.3, 0.002)]) == 1
    seen: list[Any] = []
    callbacks = [ExponentialDecay(1.3, 0.002), seen.append]
    assert passes_of_an_epoch(regression, callbacks) == regression.batches
    assert len(seen) == regression.batches


def test_a_schedule_beside_a_function_sets_the_rate_that_the_function_sees(regression: Any) -> None:
    seen: list[float] = []
    regression.trained(
        [ExponentialDecay(1.3, 0.002), lambda sgd: seen.append(sgd.learning_rate.get_value())]
    )
    batches = regression.epochs * regression.batches
    expected = [exponential(done) for done in range(1, batches + 1)]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)


def test_in_float32_the_rate_keeps_its_type_and_the_formula_its_precision(regression: Any) -> None:
    schedule = ExponentialDecay(1.3, 0.002)
    rate = pytensor.shared(np.float32(0.02), name="learning_rate")
    updates = schedule.step_updates(SimpleNamespace(learning_rate=rate), {})
    assert updates[rate].dtype == "float32"
    schedule.count.set_value(np.asarray(5.0))
    schedule.first_rate.set_value(np.asarray(float(np.float32(0.02))))
    assert updates[rate].eval() == np.float32(float(np.float32(0.02)) / 1.3**6)


class Halver:
    """A user's own update in the step."""

    def step_updates(self, algorithm: Any, updates: Any) -> Any:
        rate = algorithm.learning_rate
        return OrderedDict([(rate, rate / 2)])


def test_users_write_updates_of_their_own(regression: Any) -> None:
    train = regression.trained(Halver())
    record = train.model.monitor.channels["learning_rate"].val_record
    batches = regression.batches * np.arange(regression.epochs + 1)
    np.testing.assert_allclose(record, RATE / 2.0**batches)


def test_two_callbacks_for_one_variable_are_refused(regression: Any) -> None:
    with pytest.raises(ConfigError, match="ExponentialDecay and Halver both set learning_rate"):
        regression.trained([ExponentialDecay(1.3, 0.002), Halver()])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExponentialDecay(0.0, 0.1), "decay_factor must be > 0"),
        (lambda: ExponentialDecay("fast", 0.1), "decay_factor: expected a number, got 'fast'"),
        (lambda: LinearDecay(5, 4, 0.1), "must not be before start"),
        (lambda: AnnealedLearningRate(0), "anneal_start must be > 0"),
        (lambda: SGD(0.1, update_callbacks=[3]), "3 can't be called with the algorithm"),
    ],
)
def test_callbacks_refuse_what_makes_no_sense(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_all_of_pylearn2s_names_are_found_in_sgd() -> None:
    names = """AnnealedLearningRate ExponentialDecay LinearDecay LinearDecayOverEpoch OneOverEpoch
        MonitorBasedLRAdjuster PatienceBasedTermCrit PolyakAveraging MomentumAdjustor SGD"""
    assert [name for name in names.split() if not hasattr(sgd, name)] == []
