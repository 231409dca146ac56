"""A small run with numbers that can be checked by hand."""

from __future__ import annotations

from array import array

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
from sweeper.store.memory import MemoryBackend

DEVICE = Device("node1", 4242, (0, 1), ("GPU-aa",))
STATES = {
    "finished": AttemptState.FINISHED,
    "stopped": AttemptState.STOPPED,
    "failed": AttemptState.FAILED,
    "pending": AttemptState.INTERRUPTED,
}


class Run:
    """Writes runs: each trial is (values, state, rows) or (values, state, rows, message)."""

    def __init__(self, folder):
        self.folder = folder
        self._stores = MemoryBackend()

    def make(self, trials, objective=("err", "min"), *, name="run", channels=("err", "loss")):
        (self.folder / name).mkdir(parents=True)
        sweep = SweepRecord(
            "digits", 1000.0, "grid.yaml.j2", "text", {"epochs": "3"},
            Objective(*objective) if objective else None, 3,
            {"x": ExperimentText("grid.yaml.j2", "text", (1,))}, versions={"sweeper": "0.1.0"},
        )  # fmt: skip
        points = [Trial(f"t{i}", i, trial[0], "x", ()) for i, trial in enumerate(trials)]
        store = self._stores.create(name, sweep, points)
        generation = store.claim("node0", 77, 1000.0)
        for i, (_, state, rows, *message) in enumerate(trials):
            if state != "pending" or rows:
                store.write(generation, list(_attempt(f"t{i}", state, rows, message, channels)))
            store.write(generation, [TrialChanged(f"t{i}", TrialState(state), 1100.0)])
        return store


def _attempt(trial, state, rows, message, channels):
    yield AttemptStarted(trial, 1, 0, DEVICE, 1010.0)
    for epoch, values in enumerate(rows):
        data = array("d", values if isinstance(values, tuple) else (values, 2.0 * values))
        yield Row(trial, 1, 0, epoch, 1011.0, channels, data.tobytes())
    if state in STATES:
        text = message[0] if message else ""
        trace = "Traceback:\n  boom" if message else ""
        info = {"build_s": 0.25}
        yield AttemptEnded(
            trial, 1, STATES[state], 1012.5, message=text, traceback=trace, info=info
        )


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path / "runs")
