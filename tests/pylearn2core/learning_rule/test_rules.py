"""Learning rules against NumPy: several steps on the same gradients."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.learning_rule import (
    AdaDelta,
    AdaGrad,
    Adam,
    LearningRule,
    Momentum,
    MomentumAdjustor,
    RMSProp,
)
from pylearn2core.utils import sharedX

RATE, SCALE = 0.1, 0.5
GRADS = np.random.RandomState(0).normal(size=(6, 2, 3))
GRADS[2] = 0.0
START = np.random.RandomState(1).normal(size=(2, 3))

Path = list[Any]


def steps_of(rule: LearningRule, scalers: bool = False) -> Path:
    """The parameter after each of the gradients in GRADS."""
    param, grad = sharedX(START, "W"), pt.matrix("grad")
    learning_rate = sharedX(RATE, "learning_rate")
    updates = rule.get_updates(learning_rate, {param: grad}, {param: SCALE} if scalers else None)
    step = pytensor.function([grad], updates=list(updates.items()), mode="FAST_COMPILE")
    path = []
    for g in GRADS:
        step(g)
        path.append(param.get_value())
    return path


def momentum(h: float, nesterov: bool = False, m: float = 0.9) -> Path:
    p, v, path = START, 0.0 * START, []
    for g in GRADS:
        v = m * v - h * g
        p = p + (m * v - h * g if nesterov else v)
        path.append(p)
    return path


def adagrad(h: float, floor: float = 1e-5) -> Path:
    p, s, path = START, 0.0 * START, []
    for g in GRADS:
        s = s + g**2
        p = p - h * g / np.maximum(floor, np.sqrt(s))
        path.append(p)
    return path


def adadelta(h: float, r: float = 0.95) -> Path:
    p, s, q, path = START, 0.0 * START, 0.0 * START, []
    for g in GRADS:
        s = r * s + (1 - r) * g**2
        d = -np.sqrt(q + h) / np.sqrt(s + h) * g
        q = r * q + (1 - r) * d**2
        p = p + d
        path.append(p)
    return path


def rmsprop(h: float, r: float = 0.9, floor: float = 1e-5) -> Path:
    p, s, path = START, 0.0 * START, []
    for g in GRADS:
        s = r * s + (1 - r) * g**2
        p = p - h * g / np.maximum(np.sqrt(s), floor)
        path.append(p)
    return path


def adam(h: float, b1: float = 0.9, b2: float = 0.999, e: float = 1e-8) -> Path:
    p, m, v, path = START, 0.0 * START, 0.0 * START, []
    for t, g in enumerate(GRADS, start=1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        p = p - h * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + e)
        path.append(p)
    return path


@pytest.mark.parametrize("scalers", [False, True])
@pytest.mark.parametrize(
    ("rule", "by_hand"),
    [
        (lambda: Momentum(0.9), momentum),
        (lambda: Momentum(0.9, nesterov_momentum=True), lambda h: momentum(h, nesterov=True)),
        (lambda: Momentum(0.0), lambda h: momentum(h, m=0.0)),
        (AdaGrad, adagrad),
        (lambda: AdaGrad(max_scaling=1.5), lambda h: adagrad(h, 1 / 1.5)),
        (AdaDelta, adadelta),
        (lambda: AdaDelta(decay=0.5), lambda h: adadelta(h, 0.5)),
        (RMSProp, rmsprop),
        (lambda: RMSProp(decay=0.5, max_scaling=2.0), lambda h: rmsprop(h, 0.5, 0.5)),
        (Adam, adam),
        (lambda: Adam(0.5, 0.9, 0.1), lambda h: adam(h, 0.5, 0.9, 0.1)),
    ],
)
def test_rules_take_the_steps_of_their_formulas(
    rule: Callable[[], LearningRule], by_hand: Callable[[float], Path], scalers: bool
) -> None:
    expected = by_hand(RATE * SCALE if scalers else RATE)
    np.testing.assert_allclose(steps_of(rule(), scalers), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "rule", [Momentum(0.9, nesterov_momentum=True), AdaGrad(), AdaDelta(), RMSProp(), Adam()]
)
def test_updates_keep_float32(rule: LearningRule) -> None:
    with pytensor.config.change_flags(floatX="float32"):
        if isinstance(rule, Momentum):
            rule = Momentum(0.9, nesterov_momentum=True)
        param = sharedX(START, "W")
        rate = sharedX(RATE)
        updates = rule.get_updates(rate, {param: pt.fmatrix()}, {param: 0.3})
    assert {new.dtype for new in updates.values()} == {"float32"}
    assert {shared.dtype for shared in updates} == {"float32"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Momentum(1.0), r"in \[0, 1\), got 1.0"),
        (lambda: Momentum(-0.1), r"in \[0, 1\)"),
        (lambda: AdaGrad(0), "max_scaling must be > 0"),
        (lambda: AdaDelta(1.0), r"decay must be in \[0, 1\)"),
        (lambda: RMSProp(2.0), r"decay must be in \[0, 1\)"),
        (lambda: Adam(beta2=1.0), r"beta2 must be in \[0, 1\)"),
        (lambda: MomentumAdjustor(1.5, 0, 1), r"final_momentum must be in \[0, 1\]"),
        (lambda: MomentumAdjustor(0.5, 5, 4), "must not be before start"),
    ],
)
def test_rules_refuse_what_makes_no_sense(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


class Channels:
    """Notes the channels that a rule adds."""

    def __init__(self, *params: Any) -> None:
        self.model = SimpleNamespace(get_params=lambda: list(params))
        self.names: dict[str, Any] = {}

    def add_channel(self, name: str, ipt: Any, val: Any, dataset: Any, data_specs: Any) -> None:
        self.names[name] = val


def test_momentum_and_rmsprop_add_their_channels() -> None:
    monitor = Channels(sharedX(START, "W"))
    Momentum(0.25).add_channels_to_monitor(monitor, None)
    assert monitor.names["momentum"].get_value() == 0.25
    param = monitor.model.get_params()[0]
    rule = RMSProp()
    rule.add_channels_to_monitor(monitor, None)
    updates = rule.get_updates(sharedX(RATE), {param: pt.matrix()})
    state = rule.mean_square_grads[param]
    assert state in updates
    state.set_value(START**2)
    for name in ("min", "max", "mean"):
        channel = monitor.names[f"mean_square_grad_W_{name}"]
        assert channel.eval() == pytest.approx(getattr(START**2, name)())


class Loop:
    """A training loop's model and algorithm, without the training."""

    def __init__(self, rule: Any, epochs: int = 0) -> None:
        self.epochs = epochs
        self.monitor = SimpleNamespace(get_epochs_seen=lambda: self.epochs)
        self.algorithm = SimpleNamespace(learning_rule=rule)

    def momenta(self, extension: MomentumAdjustor, records: int) -> list[float]:
        """The momentum as each record shows it."""
        extension.setup(self, None, self.algorithm)
        seen = []
        for _ in range(records):
            seen.append(float(self.algorithm.learning_rule.momentum.get_value()))
            extension.on_monitor(self, None, self.algorithm)
            self.epochs += 1
        return seen


def test_the_momentum_moves_linearly_between_start_and_saturate() -> None:
    seen = Loop(Momentum(0.5)).momenta(MomentumAdjustor(0.9, start=1, saturate=6), 9)
    t = np.clip((np.arange(9) - 1) / 5, 0, 1)
    np.testing.assert_allclose(seen, 0.5 * (1 - t) + 0.9 * t)


def test_start_equal_to_saturate_is_a_jump() -> None:
    seen = Loop(Momentum(0.5)).momenta(MomentumAdjustor(0.9, start=2, saturate=2), 4)
    np.testing.assert_allclose(seen, [0.5, 0.5, 0.9, 0.9])


def test_the_schedule_counts_the_epochs_that_the_monitor_has_seen() -> None:
    loop = Loop(Momentum(0.5), epochs=3)
    seen = loop.momenta(MomentumAdjustor(0.9, start=1, saturate=5), 3)
    np.testing.assert_allclose(seen, [0.7, 0.8, 0.9])


def test_an_adjustor_without_momentum_says_what_to_add() -> None:
    with pytest.raises(ConfigError, match="has no momentum to adjust"):
        Loop(None).momenta(MomentumAdjustor(0.9, 0, 1), 1)
