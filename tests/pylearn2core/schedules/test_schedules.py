"""Learning-rate schedules, against their formulas; record k shows the rate after k epochs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.schedules import (
    LinearDecayOverEpoch,
    MonitorBasedLRAdjuster,
    OneOverEpoch,
)
from pylearn2core.utils import sharedX


def rates(
    extension: Any, records: int, *, first: float = 0.1, epochs: int = 0, values: Any = None
) -> list[float]:
    """The learning rate as each record shows it."""
    record: list[float] = []
    seen = {"epochs": epochs}
    channels = {"train_objective": SimpleNamespace(val_record=record)}
    monitor = SimpleNamespace(get_epochs_seen=lambda: seen["epochs"], channels=channels)
    model = SimpleNamespace(monitor=monitor)
    algorithm = SimpleNamespace(learning_rate=sharedX(first))
    extension.setup(model, None, algorithm)
    shown = []
    for place in range(records):
        shown.append(float(algorithm.learning_rate.get_value()))
        record.append(0.0 if values is None else values[place])
        extension.on_monitor(model, None, algorithm)
        seen["epochs"] += 1
    return shown


def test_linear_decay_over_epochs() -> None:
    shown = rates(LinearDecayOverEpoch(start=2, saturate=5, decay_factor=0.1), 8)
    step = 0.1 * 0.9 / 4
    expected = [0.1, 0.1, 0.1 - step, 0.1 - 2 * step, 0.1 - 3 * step, 0.01, 0.01, 0.01]
    np.testing.assert_allclose(shown, expected)


def test_one_over_epoch() -> None:
    shown = rates(OneOverEpoch(start=2, half_life=3), 7)
    np.testing.assert_allclose(shown, [0.1, 0.1, 0.1, 0.1 * 3 / 4, 0.1 * 3 / 5, 0.05, 0.1 * 3 / 7])
    by_default = rates(OneOverEpoch(start=1), 4)
    np.testing.assert_allclose(by_default, [0.1, 0.1, 0.1 * 2 / 3, 0.05])
    floored = rates(OneOverEpoch(start=0, half_life=1, min_lr=0.04), 4)
    np.testing.assert_allclose(floored, [0.1, 0.05, 0.04, 0.04])
    with pytest.raises(ConfigError, match=r"starts at 0.1, below min_lr 0.5"):
        rates(OneOverEpoch(start=0, min_lr=0.5), 1)


def test_schedules_count_the_epochs_that_the_monitor_has_seen() -> None:
    shown = rates(LinearDecayOverEpoch(start=2, saturate=5, decay_factor=0.1), 2, epochs=4)
    np.testing.assert_allclose(shown, [0.1 - 3 * 0.0225, 0.01])


def test_the_adjuster_looks_at_the_last_two_values() -> None:
    values = [1.0, 2.0, 1.99, 1.0, 1.0, np.nan]
    extension = MonitorBasedLRAdjuster(
        high_trigger=1.0, shrink_amt=0.5, low_trigger=0.9, grow_amt=1.5, min_lr=0.06, max_lr=0.14
    )
    shown = rates(extension, 6, values=values)
    # grew: 0.05, raised to min_lr; fell slowly: 0.09; fell: left; level: 0.135.
    np.testing.assert_allclose(shown, [0.1, 0.1, 0.06, 0.09, 0.09, 0.135])


def test_the_adjuster_finds_its_channel() -> None:
    adjust = MonitorBasedLRAdjuster
    assert rates(adjust(dataset_name="train", shrink_amt=0.5), 3, values=[1, 2, 3])[2] == 0.05
    with pytest.raises(ConfigError, match="no channel 'valid_objective'"):
        rates(adjust(dataset_name="valid"), 1)
    with pytest.raises(ConfigError, match=r"which channel\? There are a_objective, b_objective"):
        adjust()._channel({"a_objective": 0, "b_objective": 0})


def test_schedules_refuse_what_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match="must not be before start"):
        LinearDecayOverEpoch(start=3, saturate=2, decay_factor=0.1)
    with pytest.raises(ConfigError, match="half_life must be > 0"):
        OneOverEpoch(start=0, half_life=0)
    with pytest.raises(ConfigError, match="has no learning_rate to change"):
        OneOverEpoch(start=0).setup(None, None, SimpleNamespace())
