from __future__ import annotations

import math
import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria import (
    And,
    ChannelInf,
    ChannelTarget,
    EpochCounter,
    MatchChannel,
    MonitorBased,
    Or,
    Timeout,
)

INF, NAN = math.inf, math.nan
SEQUENCES = {
    "falling_fast": [0.9**i for i in range(20)],
    "falling_slow": [0.995**i for i in range(20)],
    "flat": [1.0] * 20,
    "down_then_up": [5.0, 4.0, 3.0, 2.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5],
    "plateaus": [3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "nan_from_3": [3.0, 2.0, 1.0] + [NAN] * 8,
    "inf_at_4": [3.0, 2.0, 1.0, 1.0, INF, 1.0, 1.0],
    "minus_inf_at_2": [1.0, 0.0, -INF, 1.0, 1.0],
    "negative_falling": [-1.0 - 0.1 * i for i in range(12)],
    "zigzag": [2.0, 1.0, 2.0, 0.995, 2.0, 0.99, 2.0, 0.985, 2.0, 0.98, 2.0, 0.97],
}
CRITERIA: dict[str, Any] = {
    "EpochCounter(3)": lambda: EpochCounter(max_epochs=3),
    "EpochCounter(0)": lambda: EpochCounter(max_epochs=0),
    "MonitorBased(0.,N=1)": lambda: MonitorBased(prop_decrease=0.0, N=1, channel_name="ch"),
    "MonitorBased(0.,N=3)": lambda: MonitorBased(prop_decrease=0.0, N=3, channel_name="ch"),
    "MonitorBased(.01,N=1)": lambda: MonitorBased(prop_decrease=0.01, N=1, channel_name="ch"),
    "MonitorBased(.01,N=3)": lambda: MonitorBased(prop_decrease=0.01, N=3, channel_name="ch"),
    "MonitorBased(default)": lambda: MonitorBased(channel_name="ch"),
    "MatchChannel(prev last=1.2)": lambda: MatchChannel("ch", "ch", "prev"),
    "ChannelTarget(1.)": lambda: ChannelTarget("ch", 1.0),
    'ChannelTarget("0.95")': lambda: ChannelTarget("ch", "0.95"),
    "And[MonitorBased(0.,N=2),EpochCounter(6)]": lambda: And(
        [MonitorBased(0.0, 2, "ch"), EpochCounter(6)]
    ),
    "And[EpochCounter(6),MonitorBased(0.,N=2)]": lambda: And(
        [EpochCounter(6), MonitorBased(0.0, 2, "ch")]
    ),
    "Or[MonitorBased(0.,N=2),EpochCounter(4)]": lambda: Or(
        [MonitorBased(0.0, 2, "ch"), EpochCounter(4)]
    ),
    "Or[EpochCounter(4),MonitorBased(0.,N=2)]": lambda: Or(
        [EpochCounter(4), MonitorBased(0.0, 2, "ch")]
    ),
    "Or[ChannelTarget(1.),ChannelTarget(.9)]": lambda: Or(
        [ChannelTarget("ch", 1.0), ChannelTarget("ch", 0.9)]
    ),
}
# Source of these figures: Pylearn2 af81e5c. '+' goes on, '-' stops, one call a record of the
# sequence; every call is made, also after the first stop.
DECISIONS = {
    "And[EpochCounter(6),MonitorBased(0.,N=2)]": {
        "down_then_up": "++++++------",
        "falling_fast": "++++++--------------",
        "falling_slow": "++++++--------------",
        "flat": "++------------------",
        "inf_at_4": "++++---",
        "minus_inf_at_2": "++++-",
        "nan_from_3": "++++-------",
        "negative_falling": "++++++------",
        "plateaus": "+++++----",
        "zigzag": "++++++------",
    },
    "And[MonitorBased(0.,N=2),EpochCounter(6)]": {
        "down_then_up": "++++++------",
        "falling_fast": "++++++--------------",
        "falling_slow": "++++++--------------",
        "flat": "++------------------",
        "inf_at_4": "++++---",
        "minus_inf_at_2": "++++-",
        "nan_from_3": "++++-------",
        "negative_falling": "++++++------",
        "plateaus": "+++++----",
        "zigzag": "++++++------",
    },
    'ChannelTarget("0.95")': {
        "down_then_up": "++++++++++++",
        "falling_fast": "+-------------------",
        "falling_slow": "+++++++++++---------",
        "flat": "++++++++++++++++++++",
        "inf_at_4": "+++++++",
        "minus_inf_at_2": "+--++",
        "nan_from_3": "+++--------",
        "negative_falling": "------------",
        "plateaus": "+++++++++",
        "zigzag": "++++++++++++",
    },
    "ChannelTarget(1.)": {
        "down_then_up": "++++-+++++++",
        "falling_fast": "--------------------",
        "falling_slow": "--------------------",
        "flat": "--------------------",
        "inf_at_4": "++--+--",
        "minus_inf_at_2": "-----",
        "nan_from_3": "++---------",
        "negative_falling": "------------",
        "plateaus": "+++------",
        "zigzag": "+-+-+-+-+-+-",
    },
    "EpochCounter(0)": {
        "down_then_up": "------------",
        "falling_fast": "--------------------",
        "falling_slow": "--------------------",
        "flat": "--------------------",
        "inf_at_4": "-------",
        "minus_inf_at_2": "-----",
        "nan_from_3": "-----------",
        "negative_falling": "------------",
        "plateaus": "---------",
        "zigzag": "------------",
    },
    "EpochCounter(3)": {
        "down_then_up": "+++---------",
        "falling_fast": "+++-----------------",
        "falling_slow": "+++-----------------",
        "flat": "+++-----------------",
        "inf_at_4": "+++----",
        "minus_inf_at_2": "+++--",
        "nan_from_3": "+++--------",
        "negative_falling": "+++---------",
        "plateaus": "+++------",
        "zigzag": "+++---------",
    },
    "MatchChannel(prev last=1.2)": {
        "down_then_up": "++++-+++++++",
        "falling_fast": "--------------------",
        "falling_slow": "--------------------",
        "flat": "--------------------",
        "inf_at_4": "++--+--",
        "minus_inf_at_2": "-----",
        "nan_from_3": "++---------",
        "negative_falling": "------------",
        "plateaus": "+++------",
        "zigzag": "+-+-+-+-+-+-",
    },
    "MonitorBased(.01,N=1)": {
        "down_then_up": "+++++-------",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "+-------------------",
        "flat": "+-------------------",
        "inf_at_4": "+++----",
        "minus_inf_at_2": "+++--",
        "nan_from_3": "+++--------",
        "negative_falling": "++++++++++++",
        "plateaus": "++-+-----",
        "zigzag": "++---------+",
    },
    "MonitorBased(.01,N=3)": {
        "down_then_up": "+++++++-----",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "+++-----------------",
        "flat": "+++-----------------",
        "inf_at_4": "+++++--",
        "minus_inf_at_2": "+++++",
        "nan_from_3": "+++++------",
        "negative_falling": "++++++++++++",
        "plateaus": "++++++---",
        "zigzag": "++++-------+",
    },
    "MonitorBased(0.,N=1)": {
        "down_then_up": "+++++-------",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "++++++++++++++++++++",
        "flat": "+-------------------",
        "inf_at_4": "+++----",
        "minus_inf_at_2": "+++--",
        "nan_from_3": "+++--------",
        "negative_falling": "++++++++++++",
        "plateaus": "++-+-----",
        "zigzag": "++-+-+-+-+-+",
    },
    "MonitorBased(0.,N=3)": {
        "down_then_up": "+++++++-----",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "++++++++++++++++++++",
        "flat": "+++-----------------",
        "inf_at_4": "+++++--",
        "minus_inf_at_2": "+++++",
        "nan_from_3": "+++++------",
        "negative_falling": "++++++++++++",
        "plateaus": "++++++---",
        "zigzag": "++++++++++++",
    },
    "MonitorBased(default)": {
        "down_then_up": "+++++++++---",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "+++++---------------",
        "flat": "+++++---------------",
        "inf_at_4": "+++++++",
        "minus_inf_at_2": "+++++",
        "nan_from_3": "+++++++----",
        "negative_falling": "++++++++++++",
        "plateaus": "++++++++-",
        "zigzag": "++++++-----+",
    },
    "Or[ChannelTarget(1.),ChannelTarget(.9)]": {
        "down_then_up": "++++++++++++",
        "falling_fast": "+-------------------",
        "falling_slow": "++++++++++++++++++++",
        "flat": "++++++++++++++++++++",
        "inf_at_4": "+++++++",
        "minus_inf_at_2": "+--++",
        "nan_from_3": "+++--------",
        "negative_falling": "------------",
        "plateaus": "+++++++++",
        "zigzag": "++++++++++++",
    },
    "Or[EpochCounter(4),MonitorBased(0.,N=2)]": {
        "down_then_up": "++++++------",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "++++++++++++++++++++",
        "flat": "++++++--------------",
        "inf_at_4": "+++++++",
        "minus_inf_at_2": "+++++",
        "nan_from_3": "+++++------",
        "negative_falling": "++++++++++++",
        "plateaus": "++++++---",
        "zigzag": "++++++++++++",
    },
    "Or[MonitorBased(0.,N=2),EpochCounter(4)]": {
        "down_then_up": "++++++++++--",
        "falling_fast": "++++++++++++++++++++",
        "falling_slow": "++++++++++++++++++++",
        "flat": "++++++--------------",
        "inf_at_4": "+++++++",
        "minus_inf_at_2": "+++++",
        "nan_from_3": "++++++++---",
        "negative_falling": "++++++++++++",
        "plateaus": "+++++++++",
        "zigzag": "++++++++++++",
    },
}


def model_at(values: list[float], epochs: int) -> Any:
    return SimpleNamespace(
        monitor=SimpleNamespace(
            channels={"ch": SimpleNamespace(val_record=values)}, get_epochs_seen=lambda: epochs
        ),
        prev=SimpleNamespace(channels={"ch": SimpleNamespace(val_record=[7.0, 1.2])}),
    )


def decisions(criterion: Any, values: list[float]) -> str:
    calls = (
        criterion.continue_learning(model_at(values[: epoch + 1], epoch))
        for epoch in range(len(values))
    )
    return "".join("+" if goes_on else "-" for goes_on in calls)


@pytest.mark.parametrize("name", DECISIONS)
def test_criteria_decide_as_pylearn2s_do(name: str) -> None:
    for sequence, expected in DECISIONS[name].items():
        assert decisions(CRITERIA[name](), SEQUENCES[sequence]) == expected, sequence


def test_channel_inf_stops_when_the_channel_is_infinite() -> None:
    assert decisions(ChannelInf("ch"), [2.0, NAN, 0.0, INF, 1.0, -INF]) == "+++-+-"


def test_epochs_before_the_first_call_count_only_if_asked_for() -> None:
    def go(criterion: Any) -> str:
        calls = (criterion.continue_learning(model_at([0.0], epoch)) for epoch in range(2, 8))
        return "".join("+" if goes_on else "-" for goes_on in calls)

    assert go(EpochCounter(3)) == "+++---"
    assert go(EpochCounter(3, new_epochs=False)) == "+-----"


def test_timeout_stops_once_the_seconds_have_passed_since_the_first_call() -> None:
    times = iter([100.0, 101.0, 104.9, 105.0, 106.0])
    criterion = Timeout(5, clock=lambda: next(times))
    calls = [criterion.continue_learning(None) for _ in range(5)]
    assert calls == [True, True, True, False, False]


def test_a_timeout_that_is_loaded_again_starts_a_new_count() -> None:
    criterion = Timeout(1000.0)
    criterion.continue_learning(None)
    assert pickle.loads(pickle.dumps(criterion))._started is None


def test_a_criterion_names_the_channels_there_are() -> None:
    for criterion in (
        MonitorBased(channel_name="chh"),
        ChannelTarget("chh", 0.0),
        ChannelInf("chh"),
        MatchChannel("chh", "ch", "prev"),
    ):
        with pytest.raises(ConfigError, match=r"no channel 'chh'. Did you mean 'ch'.*It has: ch"):
            criterion.continue_learning(model_at([1.0], 0))


def test_match_channel_names_the_monitor_that_is_missing() -> None:
    with pytest.raises(ConfigError, match="no monitor 'older'"):
        MatchChannel("ch", "ch", "older").continue_learning(model_at([1.0], 0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MonitorBased(N=0), "N must be 1 or more"),
        (lambda: EpochCounter("ten"), "max_epochs must be a number"),  # type: ignore[arg-type]
        (lambda: ChannelTarget("ch", "low"), "target must be a number, got 'low'"),
        (lambda: Timeout(-1), "seconds must be 0 or more"),
        (lambda: And([]), "one or more criteria"),
        (lambda: Or([EpochCounter(1), 3]), r"criteria\[1\] must be a TerminationCriterion"),
    ],
)
def test_criteria_refuse_what_makes_no_sense(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
