"""The loop, with a pool that does what the test lists."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import pytest

from sweeper.driver.control import Control
from sweeper.driver.interrupts import Interrupts
from sweeper.driver.ledger import Ledger
from sweeper.driver.loop import Loop
from sweeper.driver.progress import Teller
from sweeper.driver.scoreboard import Scoreboard
from sweeper.records import (
    AttemptState,
    Began,
    Device,
    Ended,
    Ending,
    EndKind,
    LeaseOver,
    NewTrial,
    Proposed,
    TrialState,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import Policy, begin
from sweeper.store.memory import MemoryBackend
from sweeper.testing.stores import made

UP = WorkerUp(0, Device("here", 1), 0.0)
OVER = LeaseOver(0, 0.0)


class Worker:
    """A pool of one worker that does what the test lists, a list a poll."""

    def __init__(self, *turns):
        self.turns = list(turns)

    def obey(self, command):
        pass

    def events(self, timeout_s):
        return self.turns.pop(0)

    def kill(self):
        return []


def began(trial):
    return Began(0, trial, 1, 0.0)


def finished(trial):
    return Ended(0, trial, 1, AttemptState.FINISHED, 0.0)


@pytest.fixture
def run(tmp_path):
    """run(turn, ...) loops over t0 and t1: (ending, what was told, the store)."""
    with closing(MemoryBackend().create("run", made.sweep(), made.trials(2))) as store:

        def run(*turns):
            told = []
            new = tuple(NewTrial(trial, i, "x1", 1, "x1") for i, trial in enumerate(("t0", "t1")))
            claim = SimpleNamespace(
                ledger=Ledger(store, store.claim("here", 1, 0.0)),
                control=Control(tmp_path, since=0.0),
                interrupts=Interrupts(),
            )
            loop = Loop(
                Policy(retries=0),
                begin(workers=1),
                [Proposed(new, is_last=True, time=0.0)],
                claim=claim,
                pool=Worker(*turns),
                scoreboard=Scoreboard(made.sweep().objective, made.sweep().texts),
                teller=Teller(told.append, total=2),
                check=lambda: None,
            )
            return loop.run(), told, store

        yield run


def test_the_best_is_not_of_a_trial_that_failed_with_its_worker(run):
    ending, told, store = run(
        [UP, began("t0"), made.row("t0", 0, (0.25, 0.0))],
        [WorkerDown(0, "signal 9", True, 0.0), UP],
        [began("t1"), made.row("t1", 0, (0.5, 0.0)), finished("t1"), OVER],
    )
    assert (told[-1].best, told[-1].failed) == (("t1", 0.5), 1)
    assert ending == store.sweep().ending == Ending(EndKind.FINISHED)
    states = [trial.state for trial in store.trials()]
    assert states == [TrialState.FAILED, TrialState.FINISHED]


def test_an_objective_that_no_trial_records_ends_it_as_the_user_s_input(run):
    ended = Ended(0, "t0", 1, AttemptState.INTERRUPTED, 0.0)
    ending, _, store = run(
        [UP, began("t0"), made.row("t0", 0, (0.25,), names=("loss",)), finished("t0"), OVER],
        [ended, OVER],
    )
    assert ending == store.sweep().ending
    assert ending.kind is EndKind.INPUT
    assert ending.reason.startswith("sweep.objective.channel: 'valid_error' is no channel")


def test_patience_is_counted_by_a_clock_that_nobody_sets_back(run, monkeypatch):
    steps = iter(range(1000))
    clocks = SimpleNamespace(
        time=lambda: 1e9 - 3600.0 * next(steps),  # set back an hour a look
        monotonic=lambda: 5.0 * next(steps),
    )
    monkeypatch.setattr("sweeper.driver.loop.time", clocks)
    killed = []
    monkeypatch.setattr(
        Worker, "kill", lambda _: killed.append(True) or [WorkerDown(0, "killed", False, 0.0)]
    )
    row = made.row("t0", 0, (0.25,), names=("loss",))  # no objective: the run drains
    ended = Ended(0, "t0", 1, AttemptState.FINISHED, 0.0)
    ending, _, _ = run([UP, began("t0"), row, ended], [began("t1")], *[[]] * 20)
    assert ending.kind is EndKind.INPUT
    assert killed
