"""What is asked of a driver while it runs: to stop, to cancel, that its time is short."""

from __future__ import annotations

import signal
import time
from contextlib import closing

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.driver.control import Control, began
from sweeper.records import AttemptState, Placed, TrialState, TrialTask
from sweeper.runs.control import Asked, send_control
from sweeper.runs.open import open_to_read
from sweeper.runs.placed import read_placed, write_placed

FAKE = "sweep_fake_runner:FakeRunner"


@pytest.fixture
def drive(shared, tmp_path):
    """Launches a spec, calls `act(run_dir, progress)` while it runs; (outcome, told, folder)."""

    def launch(spec, act, workers=1, placed=False):
        told = []
        run_dir = tmp_path / "runs" / "one"
        outcome = driver.launch(
            spec,
            specs.expand(spec),
            run_dir,
            driver.Terms(
                on_progress=lambda one: (told.append(one), act(run_dir, one)),
                cluster=shared(workers),
                runner_factory=FAKE,
                placed=placed,
            ),
        )
        return outcome, told, run_dir

    return launch


def once(act):
    """Call it once, when trials run that were not the first of their text."""
    left = [act]

    def look(run_dir, progress):
        if left and progress.done and progress.running:
            left.pop()(run_dir)

    return look


def read(run_dir):
    return closing(open_to_read(run_dir))


def test_stop_ends_the_run_in_order_and_resume_finishes_it(drive, write_spec, shared):
    spec = write_spec([("rows", 1)] + [("sleep", 2000)] * 2)
    outcome, _, run_dir = drive(spec, once(lambda run_dir: send_control(run_dir, "stop")))
    assert (outcome.exit_code, outcome.ending.reason) == (130, "stopped by `sweep stop`")
    with read(run_dir) as store:
        assert store.sweep().ending.kind == "interrupted"
        assert {a.state for a in store.attempts()} == {
            AttemptState.FINISHED,
            AttemptState.INTERRUPTED,
        }
    assert outcome.counts[TrialState.PENDING] == 2
    assert list((run_dir / "control").iterdir()) == []


def test_a_stop_from_before_a_driver_began_does_not_stop_it(drive, write_spec, shared):
    spec = write_spec([("rows", 1)] * 2 + [("sleep", 40)])
    ctrl_c = once(lambda _: signal.raise_signal(signal.SIGINT))
    _, _, run_dir = drive(spec, ctrl_c)
    send_control(run_dir, "stop")
    (asked,) = (run_dir / "control").iterdir()
    asked.rename(asked.with_name(f"{1:020}-early.json"))  # this process has begun long ago
    outcome = driver.resume(run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE))
    assert outcome.exit_code == 0


def test_a_stop_that_was_asked_while_a_driver_began_ends_it(drive, write_spec, shared):
    _, _, run_dir = drive(
        write_spec([("rows", 1)] * 2 + [("sleep", 2000)]),
        once(lambda _: signal.raise_signal(signal.SIGINT)),
    )
    send_control(run_dir, "stop")
    outcome = driver.resume(run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE))
    assert (outcome.exit_code, outcome.ending.reason) == (130, "stopped by `sweep stop`")


def test_a_driver_that_takes_up_the_requests_drops_old_stops_and_keeps_trials(tmp_path):
    for trials in ((), ("a",)):
        send_control(tmp_path, "stop", trials)
    now = time.time()
    send_control(tmp_path, "stop")
    assert Control(tmp_path, since=now).asked() == [
        Asked("stop", ("a",)),
        Asked("stop"),
    ]


def test_a_run_on_a_part_of_this_machine_keeps_which(write_spec, shared, tmp_path):
    spec = write_spec([("rows", 1)])
    part = "kind: local\ngpus: 1\n"
    driver.launch(
        spec,
        specs.expand(spec),
        tmp_path / "r",
        driver.Terms(cluster=shared(1), runner_factory=FAKE),
        placed=Placed("local", "1", cluster_file=part),
    )
    placed = read_placed(tmp_path / "r")
    assert placed is not None
    assert (placed.kind, placed.cluster_file) == ("local", part)


def test_a_driver_from_a_queue_may_be_asked_since_it_was_put_there(tmp_path):
    write_placed(tmp_path, Placed("slurm", "12", started=5.0))
    assert began(tmp_path, placed=True) == 5.0
    here = began(tmp_path, placed=False)
    assert 0 < time.time() - here < 86400
    assert began(tmp_path / "nosuch", placed=True) == here


def test_cancelled_trials_end_or_never_run_and_the_others_finish(drive, write_spec):
    spec = write_spec([("rows", 1), ("sleep", 2000), ("rows", 1), ("rows", 1)])
    ids = [trial.id for trial in specs.expand(spec).trials]
    unwanted = (ids[0], ids[1], ids[2], "nosuch")  # over, running, pending, of another run
    outcome, told, run_dir = drive(
        spec, once(lambda run_dir: send_control(run_dir, "stop", unwanted))
    )
    assert (outcome.exit_code, outcome.ending.reason) == (0, "")
    with read(run_dir) as store:
        states = [trial.state.value for trial in store.trials()]
        assert states == ["finished", "cancelled", "cancelled", "finished"]
        assert [a.state for a in store.attempts(ids[1])] == [AttemptState.INTERRUPTED]
        assert store.attempts(ids[2]) == []
        assert store.sweep().ending.kind == "finished"
    assert (told[-1].done, told[-1].total) == (4, 4)
    assert any("not left to do: nosuch" in one.message for one in told)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_placed_driver_whose_time_is_short_drains_and_asks_to_be_started_again(
    drive, write_spec, number, shared
):
    spec = write_spec([("rows", 1)] * 2 + [("sleep", 40)] * 2)
    outcome, _, run_dir = drive(spec, once(lambda _: signal.raise_signal(number)), placed=True)
    assert outcome.exit_code == 75
    assert outcome.ending.reason.startswith("interrupted: ")
    assert (run_dir / "snapshot.db").is_file()
    with read(run_dir) as store:
        assert all(attempt.state.is_over for attempt in store.attempts())
        assert store.sweep().ending.kind == "time_short"
    again = driver.resume(
        run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE, placed=True)
    )
    assert (again.exit_code, again.counts[TrialState.FINISHED]) == (0, 4)


def test_a_stop_before_time_is_short_stays_a_stop(drive, write_spec):
    """Whoever placed the driver must not start a run again that its user stopped."""

    def stop(run_dir):
        send_control(run_dir, "stop")

    told = []

    def act(run_dir, progress):
        if progress.done and progress.running and not told:
            told.append(stop(run_dir))
        if progress.message.startswith("ending") and len(told) == 1:
            told.append(signal.raise_signal(signal.SIGUSR1))

    outcome, _, _ = drive(write_spec([("rows", 1), ("sleep", 2000)]), act, placed=True)
    assert len(told) == 2
    assert outcome.exit_code == 130


def test_the_next_attempt_is_told_how_far_the_rows_of_the_one_before_it_go(
    drive, write_spec, shared, monkeypatch
):
    known = []
    monkeypatch.setattr(
        "sweeper.driver.roster.TrialTask",
        lambda **facts: known.append(facts["known"]) or TrialTask(**facts),
    )
    spec = write_spec([("rows", 1), ("sleep", 60)])
    _, _, run_dir = drive(spec, once(lambda _: signal.raise_signal(signal.SIGINT)))
    with read(run_dir) as store:
        (trial,) = store.unfinished()
        last = [row.epoch for row in store.rows(trial.id)][-1]
    assert known == [None, None]
    driver.resume(run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE))
    assert known[2:] == [(0, last)]
