"""Small runs for the store's tests."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

import pytest

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
)

# The contract is a module beside this one, and tests are imported by path.
sys.path.append(str(Path(__file__).parent))

DEVICE = Device("node1", 4242, (0, 1), ("GPU-aa",))
NAMES = ("valid_error", "train_error")


class Make:
    """Makes the records of the tests."""

    def sweep(self, **changes):
        values = {
            "name": "digits",
            "created": 1000.0,
            "spec_path": "grid.yaml.j2",
            "spec_text": "sweep: {name: digits}\n---\n{{ lr }}\n",
            "defines": {"epochs": "3"},
            "objective": Objective("valid_error", "min"),
            "repeat": 3,
            "texts": {"x1": ExperimentText("grid.yaml.j2", "__sweep_token_0__\n", (3,))},
            "versions": {"sweeper": "0.1.0"},
            "code": {"autoencoder.py": "ab12"},
        }
        return SweepRecord(**(values | changes))

    def trials(self, number=4):
        return [
            Trial(f"t{i}", i, {"lr": 10.0**-i, "seed": i}, "x1", (10.0**-i, i))
            for i in range(number)
        ]

    def started(self, trial, number=1, time=1001.0):
        return AttemptStarted(trial, number, 0, DEVICE, time)

    def ended(self, trial, number=1, state=AttemptState.FINISHED, time=1002.0, **rest):
        return AttemptEnded(trial, number, state, time, **rest)

    def changed(self, trial, state, time=1001.0):
        return TrialChanged(trial, TrialState(state), time)

    def row(self, trial, epoch, values=(0.5, 0.25), *, attempt=1, phase=0, names=NAMES):
        return Row(trial, attempt, phase, epoch, 1001.0, names, array("d", values).tobytes())


@pytest.fixture(scope="session")
def make():
    return Make()
