"""What the driver makes of rows and of time, without a cluster."""

from __future__ import annotations

import math
import signal
from array import array

import pytest

from sweeper.driver.control import Control
from sweeper.driver.interrupts import Interrupts
from sweeper.driver.ledger import Ledger
from sweeper.driver.loop import Loop
from sweeper.driver.progress import Teller
from sweeper.driver.watch import Watch
from sweeper.records import (
    AttemptState,
    Began,
    Device,
    Ended,
    Ending,
    EndKind,
    ExperimentText,
    LeaseOver,
    NewTrial,
    Objective,
    Proposed,
    Row,
    TrialChanged,
    TrialState,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import Policy, Tally, begin

ONE = {"x": ExperimentText("g", "# a comment\n!obj:pylearn2.train.Train {}", (1, 2))}
PHASES = {"x": ExperimentText("g", "# a comment\n[!obj:a.B {}, !obj:a.C {}]", (1, 2))}
DOCUMENTS = {"x": ExperimentText("g", "!obj:a.B {}\n---\n!obj:a.C {}", (1, 2, 3))}


def row(trial="t", phase=0, **values):
    data = array("d", values.values()).tobytes()
    return Row(trial, 1, phase, 0, 0.0, tuple(values), data)


def finished(trial="t"):
    return Ended(0, trial, 1, AttemptState.FINISHED, 0.0)


@pytest.mark.parametrize(("mode", "best"), [("min", ("b", 0.25)), ("max", ("a", 0.5))])
def test_the_best_value_is_that_of_the_objective_s_mode_and_never_nan(mode, best):
    watch = Watch(Objective("error", mode), ONE)
    for trial, value in [("n", math.nan), ("a", 0.5), ("b", 0.25), ("c", 0.375), ("n", math.nan)]:
        watch.see(row(trial, loss=9.0, error=value))
    assert watch.best == best
    assert watch.fault == ""


@pytest.mark.parametrize(("mode", "best"), [("min", ("b", 0.375)), ("max", ("a", 0.5))])
def test_a_trial_that_failed_is_not_the_best(mode, best):
    watch = Watch(Objective("error", mode), ONE)
    for trial, value in [("a", 0.5), ("b", 0.375), ("bad", 0.25), ("bad", 0.75)]:
        watch.see(row(trial, error=value))
    watch.see_end(Ended(0, "bad", 1, AttemptState.FAILED, 0.0))
    assert watch.best == best
    for trial in ("a", "b"):
        watch.see_end(Ended(0, trial, 1, AttemptState.FAILED, 0.0))
    assert watch.best is None


def test_a_trial_that_failed_with_its_worker_is_not_the_best():
    watch = Watch(Objective("error", "min"), ONE)
    for trial, value in [("a", 0.5), ("lost", 0.25)]:
        watch.see(row(trial, error=value))
    watch.see_change(TrialChanged("lost", TrialState.PENDING, 0.0))
    assert watch.best == ("lost", 0.25)
    watch.see_change(TrialChanged("lost", TrialState.FAILED, 0.0))
    assert watch.best == ("a", 0.5)


def test_a_missing_objective_is_said_at_the_first_row_with_the_channels_there_are():
    watch = Watch(Objective("valid_eror", "min"), ONE)
    watch.see(row("abc", valid_error=0.5, train_error=0.25))
    assert watch.fault == (
        "sweep.objective.channel: 'valid_eror' is no channel that trial abc records."
        " Did you mean 'valid_error'? Its channels are: train_error, valid_error."
    )


def a_text(text):
    return {"x": ExperimentText("g", text, tuple(range(1, text.count("\n") + 2)))}


@pytest.mark.parametrize(
    "text",
    [
        "!obj:pylearn2core.train.Train\nmodel: 1\n",
        "  # said\n\n!obj:pylearn2.train.Train {\n}\n",
        "&p !obj:pylearn2.train.Train &q {}",
    ],
)
def test_a_train_without_the_objective_is_found_at_its_first_row(text):
    watch = Watch(Objective("error", "min"), a_text(text))
    watch.see(row(loss=1.0))
    assert "'error' is no channel" in watch.fault


@pytest.mark.parametrize(
    "texts",
    [
        PHASES,
        DOCUMENTS,
        a_text("!obj:pylearn2.train.Train {}\n---\n!obj:pylearn2.train.Train {}"),
        a_text("&p [!obj:pylearn2.train.Train {}]"),
        a_text("!obj:mine.phases {}"),  # may return a list
        a_text("!obj:mine.Validates {every: 5}"),
        a_text("!obj:pylearn2.train.Trainer {}"),
        ONE | {"y": ExperimentText("g", "!obj:mine.Own {}", (1,))},
    ],
)
def test_an_experiment_that_is_no_single_train_may_show_the_objective_later(texts):
    watch = Watch(Objective("error", "min"), texts)
    watch.see(row(loss=1.0))
    assert watch.fault == ""
    watch.see(row(phase=1, error=1.0))
    watch.see_end(finished())
    assert watch.fault == ""

    never = Watch(Objective("error", "min"), texts)
    never.see(row(loss=1.0))
    never.see_end(finished())
    assert "'error' is no channel" in never.fault


def test_a_trial_without_rows_lacks_the_objective_too():
    watch = Watch(Objective("error", "min"), ONE)
    watch.see_end(finished())
    assert watch.fault.endswith("Its channels are: none: it reported no row.")


def test_without_an_objective_nothing_is_looked_at():
    watch = Watch(None, ONE)
    watch.see(row(loss=1.0))
    watch.see_end(finished())
    assert (watch.best, watch.fault) == (None, "")


class Pages:
    """A store that remembers what it was asked to write."""

    def __init__(self):
        self.written = []
        self.beats = []
        self.published = 0

    def write(self, generation, changes):
        self.written.append((generation, list(changes)))
        return 0

    def heartbeat(self, generation, now):
        self.beats.append(generation)

    def publish(self, now):
        self.published += 1
        return True

    def finish(self, generation, state, now):
        self.written.append((generation, state))


def test_only_the_newest_state_of_a_trial_is_written_and_rows_come_first():
    pages = Pages()
    ledger = Ledger(pages, 7)
    first = row(loss=1.0)
    ledger.add(TrialChanged("t", TrialState.LEASED, 0.0))
    ledger.add(TrialChanged("t", TrialState.RUNNING, 1.0))
    ledger.add(first)
    ledger.finish(Ending(EndKind.FINISHED))
    newest = TrialChanged("t", TrialState.RUNNING, 1.0)
    assert pages.written == [(7, [first, newest]), (7, Ending(EndKind.FINISHED))]


def test_a_heartbeat_is_published_while_nothing_changes(monkeypatch):
    now, pages = [0.0], Pages()
    monkeypatch.setattr("sweeper.driver.ledger.time.monotonic", lambda: now[0])
    ledger = Ledger(pages, 7)
    for now[0] in (1.0, 4.9, 5.0, 9.9, 10.0):
        ledger.write_if_due()
    assert (pages.written, pages.beats, pages.published) == ([], [7, 7], 2)


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


def test_the_loop_tells_the_watch_of_a_trial_that_failed_with_its_worker(tmp_path):
    new = tuple(NewTrial(trial, i, "x", 1, "x") for i, trial in enumerate("ab"))
    up = WorkerUp(0, Device("here", 1), 0.0)
    pool = Worker(
        [up, Began(0, "a", 1, 0.0), row("a", error=0.25)],
        [WorkerDown(0, "signal 9", True, 0.0), up],
        [Began(0, "b", 1, 0.0), row("b", error=0.5), finished("b"), LeaseOver(0, 0.0)],
    )
    told = []
    watch = Watch(Objective("error", "min"), ONE)
    teller = Teller(told.append, total=2)
    loop = Loop(
        Policy(retries=0),
        begin(workers=1),
        Proposed(new, is_last=True, time=0.0),
        pool=pool,
        ledger=Ledger(Pages(), 7),
        watch=watch,
        teller=teller,
        control=Control(tmp_path, since=0.0),
        check=lambda: None,
    )
    loop.run(Interrupts())
    assert (told[-1].best, told[-1].failed) == (("b", 0.5), 1)


def test_progress_counts_what_ended_before_this_driver():
    told = []
    teller = Teller(told.append, total=10, before=4)
    teller.tell(Tally(finished=3, failed=1), 0, None)
    assert (told[0].done, told[0].failed, told[0].left_s) == (4, 1, None)
    teller.tell(Tally(finished=5, failed=2), 0, ("t", 0.5))
    assert (told[1].done, told[1].failed, told[1].best) == (7, 2, ("t", 0.5))


def test_no_pace_is_told_before_it_means_something(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr("sweeper.driver.progress.time.monotonic", lambda: now[0])
    teller = Teller(told.append, total=20, before=10)
    for now[0], ended in [(5.0, 1), (5.5, 3), (7.5, 2), (8.0, 3)]:
        teller.tell(Tally(finished=10 + ended), 0, None)
    assert [progress.rate_per_min for progress in told] == [0.0, 0.0, 0.0, 60.0]  # 3 in 3 s
    assert [progress.left_s for progress in told] == [None, None, None, 7.0]


def test_signals_are_counted_and_the_third_is_raised():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.count == 2
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
