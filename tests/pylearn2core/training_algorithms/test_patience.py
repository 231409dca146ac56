from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.sgd import PatienceBasedTermCrit


def stops_after(criterion: PatienceBasedTermCrit, values: list[float]) -> int:
    """The number of records at which it says stop; 0 if never."""
    record: list[float] = []
    model = SimpleNamespace(monitor=SimpleNamespace(channels={"v": SimpleNamespace()}))
    model.monitor.channels["v"].val_record = record
    for value in values:
        record.append(value)
        if not criterion.continue_learning(model):
            return len(record)
    return 0


@pytest.mark.parametrize(
    ("values", "patience", "increase", "expected"),
    [
        # The best value comes with the first record: the patience stays what it was.
        ([1.0] * 20, 4, 2.0, 4),
        # It falls enough until record 5, so the patience ends at 10.
        ([1.0, 0.8, 0.6, 0.5, 0.4] + [0.39] * 20, 4, 2.0, 10),
        ([1.0, 0.8, 0.6, 0.5, 0.4] + [0.39] * 20, 4, 3.0, 15),
        # A fall of 5 % is too little where 10 % are asked for; the best value stays 1.
        ([1.0, 0.95, 0.91, 0.89] + [0.88] * 20, 4, 2.0, 8),
    ],
)
def test_each_large_fall_multiplies_the_records_so_far(
    values: list[float], patience: int, increase: float, expected: int
) -> None:
    criterion = PatienceBasedTermCrit(0.1, patience, increase, channel_name="v")
    assert stops_after(criterion, values) == expected


def test_an_only_channel_needs_no_name_and_more_do() -> None:
    assert stops_after(PatienceBasedTermCrit(0.1, 3), [1.0] * 9) == 3
    channels: dict[str, Any] = {"a": None, "b": None}
    model = SimpleNamespace(monitor=SimpleNamespace(channels=channels))
    with pytest.raises(ConfigError, match="which of the monitor's 2 channels"):
        PatienceBasedTermCrit(0.1, 3)(model)
    with pytest.raises(ConfigError, match="no channel 'c'"):
        PatienceBasedTermCrit(0.1, 3, channel_name="c")(model)
