"""Records of a small run, as a driver would write them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Device,
    ExperimentText,
    Objective,
    Row,
    SweepRecord,
    Trial,
    TrialChanged,
    TrialState,
    replace,
)

DEVICE = Device("node1", 4242, (0, 1), ("GPU-aa",))
NAMES = ("valid_error", "train_error")


def sweep(**changes: Any) -> SweepRecord:
    """A run, with what is to be otherwise."""
    made = SweepRecord(
        name="digits",
        created=1000.0,
        spec_path="grid.yaml.j2",
        spec_text="sweep: {name: digits}\n---\n{{ lr }}\n",
        defines={"epochs": "3"},
        objective=Objective("valid_error", "min"),
        repeat=3,
        texts={"x1": ExperimentText("grid.yaml.j2", "__sweep_token_0__\n", (3,))},
        versions={"sweeper": "0.1.0"},
        code={"autoencoder.py": "ab12"},
    )
    return replace(made, **changes)


def trials(number: int = 4) -> list[Trial]:
    """Its trials: t0, t1, ..."""
    return [
        Trial(f"t{i}", i, {"lr": 10.0**-i, "seed": i}, "x1", (10.0**-i, i)) for i in range(number)
    ]


def started(trial: str, number: int = 1, time: float = 1001.0) -> AttemptStarted:
    """An attempt runs."""
    return AttemptStarted(trial, number, 0, DEVICE, time)


def ended(
    trial: str,
    number: int = 1,
    state: AttemptState = AttemptState.FINISHED,
    time: float = 1002.0,
    **rest: Any,
) -> AttemptEnded:
    """An attempt is over."""
    return AttemptEnded(trial, number, state, time, **rest)


def changed(trial: str, state: str, time: float = 1001.0) -> TrialChanged:
    """A trial has a new state."""
    return TrialChanged(trial, TrialState(state), time)


def row(
    trial: str,
    epoch: int,
    values: Sequence[float] = (0.5, 0.25),
    *,
    attempt: int = 1,
    phase: int = 0,
    names: tuple[str, ...] = NAMES,
) -> Row:
    """A row of an attempt, with a value for each of `names`."""
    return Row(trial, attempt, phase, epoch, 1001.0, names, array("d", values).tobytes())
