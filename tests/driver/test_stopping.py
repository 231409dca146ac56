"""Halving on a real Ray cluster, with the real runner: who is stopped follows from the spec."""

from __future__ import annotations

import math
import signal
from contextlib import closing
from dataclasses import replace

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records import AttemptState, EndKind, TrialState
from sweeper.report.show import show_trial
from sweeper.report.status import status
from sweeper.runs.open import open_to_read

MODULE = '''
import os, random, signal, time
from pathlib import Path


class Curve:
    """Falls to `level` at its own pace; takes a while; takes its worker down once at `dies`."""

    def __init__(self, level, dies, marks, delay):
        self.level, self.dies, self.marks, self.delay = level, dies, Path(marks), delay

    def __iter__(self):
        for epoch in range(1, 13):
            time.sleep(random.SystemRandom().random() * self.delay)
            mark = self.marks / f"{self.level}"
            if epoch == self.dies and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield {"valid_error": self.level + (self.level * 7 % 1) / epoch}
'''
N, RUNGS, BLOCK = 20, (1, 3, 9), 9


def levels():
    return [round(0.31 * (i * 7 % N) + 0.01 * i, 4) for i in range(N)]


def loop():
    """Halving, one cohort and rung after the other: {ordinal: the rung at which it is stopped}."""
    stopped = {}
    for first in range(0, N, BLOCK):
        alive = list(range(first, min(N, first + BLOCK)))
        for rung in RUNGS:
            value = {i: levels()[i] + (levels()[i] * 7 % 1) / rung for i in alive}
            kept = sorted(alive, key=lambda i: (value[i], i))[: max(1, math.floor(len(alive) / 3))]
            stopped.update(dict.fromkeys(sorted(set(alive) - set(kept)), rung))
            alive = sorted(kept)
    return stopped


@pytest.fixture
def sweep(shared, tmp_path):
    """Launches the sweep on so many workers; dies: {ordinal: epoch} at which a worker ends."""

    def run(name, workers, *, dies=(), interrupt_at=None, resume=False, delay=0.02, more=""):
        folder = tmp_path / name
        marks = folder / "marks"
        marks.mkdir(parents=True, exist_ok=True)
        (folder / "curve_experiment.py").write_text(MODULE)
        points = "".join(
            f"    - {{level: {level}, dies: {dict(dies).get(i, 0)}}}\n"
            for i, level in enumerate(levels())
        )
        text = (
            "sweep:\n  objective: {channel: valid_error, mode: min}\n"
            f"  stop: [halving: {{rungs: {list(RUNGS)}, keep: 1/3}}]\n  cohort: {BLOCK}\n{more}"
            f"  points:\n{points}---\n!obj:curve_experiment.Curve {{ level: {{{{ level }}}},"
            f" dies: {{{{ dies }}}}, marks: {marks}, delay: {delay} }}\n"
        )
        path = folder / "grid.yaml.j2"
        path.write_text(text)
        left = [interrupt_at] if interrupt_at else []

        def tell(progress):
            if left and progress.done >= left[0]:
                left.clear()
                signal.raise_signal(signal.SIGINT)

        terms = driver.Terms(on_progress=tell, cluster=shared(workers))
        if resume:
            return driver.resume(
                folder / "run", replace(terms, code_changed_ok=True)
            ), folder / "run"
        spec = specs.load(path)
        return driver.launch(spec, specs.expand(spec), folder / "run", terms), folder / "run"

    return run


def stops(run_dir):
    """{ordinal: the last epoch} of the trials that were stopped; and each has its rows once."""
    found = {}
    with closing(open_to_read(run_dir)) as store:
        for trial in store.trials():
            epochs = [row.epoch for row in store.rows(trial.id)]
            assert epochs == list(range(1, len(epochs) + 1))
            if trial.state is TrialState.STOPPED:
                found[trial.ordinal] = epochs[-1]
            else:
                assert (trial.state, len(epochs)) == (TrialState.FINISHED, 12)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_stops_whom_a_straight_loop_stops(sweep, workers, monkeypatch):
    monkeypatch.setenv("SWEEP_CHECK", "1")
    outcome, run_dir = sweep("one", workers)
    assert outcome.ending.kind is EndKind.FINISHED
    assert stops(run_dir) == loop()
    with closing(open_to_read(run_dir)) as store:
        assert status(store).stopped == {"halving": len(loop())}
        first = next(one for one in store.trials() if one.state is TrialState.STOPPED)
        said = show_trial(store, run_dir, first.id)
    assert f"stopped     halving: epoch {loop()[first.ordinal]}: valid_error is" in said
    assert "in its cohort; " in said


def test_workers_that_are_killed_between_and_at_rungs_change_nothing(sweep, monkeypatch):
    monkeypatch.setenv("SWEEP_CHECK", "1")
    outcome, run_dir = sweep("killed", 2, dies={2: 1, 7: 2, 13: 5, 19: 10}, more="  retries: 4\n")
    assert outcome.ending.kind is EndKind.FINISHED
    assert stops(run_dir) == loop()
    with closing(open_to_read(run_dir)) as store:
        assert any(one.state is AttemptState.LOST for one in store.attempts())


def test_a_sweep_that_was_interrupted_while_trials_wait_goes_on_as_if_it_never_was(sweep):
    outcome, run_dir = sweep("cut", 2, interrupt_at=4)
    assert outcome.ending.kind is EndKind.INTERRUPTED
    with closing(open_to_read(run_dir)) as store:
        assert all(one.state.is_over for one in store.attempts())
    outcome, _ = sweep("cut", 2, resume=True)
    assert outcome.ending.kind is EndKind.FINISHED
    assert stops(run_dir) == loop()
