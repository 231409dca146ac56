"""A driver that a queue put somewhere: its store, the one before it, its share, its results."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import closing

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records import TrialState
from sweeper.records.errors import InputError, StoreBusyError
from sweeper.report.status import status
from sweeper.runs.control import Asked, send_control, take_control
from sweeper.runs.open import open_to_drive, open_to_read, read_made
from sweeper.runs.parts import Part, prepare
from sweeper.store.liveness import HEARTBEAT_LIMIT_S
from sweeper.store.sql import backend

FAKE = "sweep_fake_runner:FakeRunner"


@pytest.fixture
def made(write_spec, tmp_path):
    """Makes a run that nobody drives yet; its folder."""

    def make(work, **options):
        spec = write_spec(work, **options)
        run_dir = tmp_path / "run"
        driver.create(spec, specs.expand(spec), run_dir, published=True)
        return run_dir

    return make


@pytest.fixture
def resume(shared):
    def resume(run_dir, workers=1, **terms):
        return driver.resume(
            run_dir,
            driver.Terms(cluster=shared(workers), runner_factory=FAKE, placed=True, **terms),
        )

    return resume


def test_a_made_run_can_be_read_and_driven(made, resume):
    run_dir = made([("rows", 2)] * 3)
    with closing(open_to_read(run_dir)) as store:
        assert store.sweep().state == "created"
        assert store.counts()[TrialState.PENDING] == 3
    assert resume(run_dir).exit_code == 0
    with closing(open_to_read(run_dir)) as store:
        assert store.sweep().ending.kind == "finished"
        assert len(list(store.rows())) == 6


def test_a_driver_waits_for_one_on_another_host_that_may_be_dead(made, resume, capsys):
    run_dir = made([("rows", 1)])
    silent_s = HEARTBEAT_LIMIT_S - 3
    with closing(open_to_drive(run_dir, published=True)) as store:
        store.claim("node7", 4711, time.time() - silent_s)
    began = time.monotonic()
    assert resume(run_dir).exit_code == 0
    assert time.monotonic() - began >= 2.0
    assert "4711 on host node7" in capsys.readouterr().out


def test_a_driver_that_lives_is_not_waited_for_for_ever(made, resume, monkeypatch):
    run_dir = made([("rows", 1)])
    monkeypatch.setattr("sweeper.driver.claim.WAIT_S", 2.0)
    with closing(open_to_drive(run_dir, published=True)) as store:
        store.claim("node7", 4711, time.time() + 100)
    send_control(run_dir, "stop")
    with pytest.raises(StoreBusyError, match="4711 on host node7"):
        resume(run_dir)
    # What was asked is for the one that lives.
    assert take_control(run_dir) == [Asked("stop")]


# ------------------------------------------------------------------ parts
def test_parts_drive_their_shares_and_readers_see_the_union(made, resume):
    run_dir = made(
        [("rows", i + 1) for i in range(5)], objective="{channel: valid_error, mode: min}"
    )
    first = resume(run_dir, part=Part(0, 2))
    assert (first.exit_code, first.counts[TrialState.FINISHED]) == (0, 3)
    with closing(open_to_read(run_dir)) as store:
        states = [trial.state.value for trial in store.trials()]
        assert states == ["finished", "pending", "finished", "pending", "finished"]
        assert [trial.ordinal for trial in store.unfinished()] == [1, 3]
        assert store.sweep().ending.kind == "interrupted"
    assert resume(run_dir, part=Part(1, 2)).exit_code == 0
    with closing(open_to_read(run_dir)) as store:
        found = status(store)
        assert found.sweep.ending.kind == "finished"
        assert found.counts[TrialState.FINISHED] == 5
        ids = [trial.id for trial in store.trials()]
        rows = list(store.rows())
        assert [row.trial for row in rows] == [
            trial for i, trial in enumerate(ids) for _ in range(i + 1)
        ]
        assert list(store.rows(ids[3])) == [row for row in rows if row.trial == ids[3]]
        assert [one.trial for one in store.attempts()] == ids
        assert found.best is not None
        assert found.best[0] == ids[4]
    with closing(read_made(run_dir)) as made_store:
        assert made_store.counts()[TrialState.PENDING] == 5  # only read since it was made
    assert (run_dir / "parts" / "1" / "logs" / "worker-0.log").is_file()


def test_a_rule_across_trials_is_refused_in_parts_with_its_reason(made, resume):
    with pytest.raises(InputError, match=r"max_failures: .*drives its own share.*form: allocation"):
        resume(made([("rows", 1)] * 2, max_failures=3), part=Part(0, 2))


def test_a_start_of_a_part_that_died_in_between_is_in_nobody_s_way(made, monkeypatch):
    run_dir = made([("rows", 1)] * 4)

    def die(folder, *_, **__):
        (folder / "sweep.db").touch()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(backend, "create", die)
        with pytest.raises(SystemExit):
            prepare(run_dir, Part(0, 2))
    with closing(open_to_read(run_dir)) as store:
        assert store.counts()[TrialState.PENDING] == 4
    with closing(open_to_read(prepare(run_dir, Part(0, 2)))) as store:
        assert [trial.ordinal for trial in store.trials()] == [0, 2]
    assert [path.name for path in (run_dir / "parts").iterdir()] == ["0"]


def test_of_a_run_in_parts_a_trial_that_is_over_is_not_cancelled_any_more(made, resume):
    run_dir = made([("rows", 1)] * 4)
    resume(run_dir, part=Part(0, 2))
    with closing(open_to_read(run_dir)) as store:
        ids = [trial.id for trial in store.trials()]
    assert driver.cancel(run_dir, ids[:2]) == [ids[1]]
    with closing(read_made(run_dir)) as store:
        states = [trial.state.value for trial in store.trials()]
        assert states == ["pending", "cancelled", "pending", "pending"]
    with closing(open_to_read(run_dir)) as store:
        states = [trial.state.value for trial in store.trials()]
        assert states == ["finished", "cancelled", "finished", "pending"]


def test_a_run_is_not_divided_twice_into_different_numbers(made, resume):
    run_dir = made([("rows", 1)] * 4)
    resume(run_dir, part=Part(0, 2))
    with pytest.raises(InputError, match="was divided into 2 parts, not 3"):
        resume(run_dir, part=Part(0, 3))


@pytest.mark.parametrize("text", ["", "1", "2/2", "-1/2", "a/b", "1/0"])
def test_a_share_that_is_none_is_told(text):
    with pytest.raises(InputError, match=r"--part .*expected K/N with 0 <= K < N"):
        driver.terms_of({}, part=text or "x")


# ------------------------------------------------------------------ cancelling without a driver
def test_trials_of_a_run_that_nobody_drives_are_cancelled_in_its_store(made, resume):
    run_dir = made([("rows", 1)] * 3)
    with closing(open_to_read(run_dir)) as store:
        ids = [trial.id for trial in store.trials()]
    assert driver.cancel(run_dir, [ids[1]]) == [ids[1]]
    with closing(open_to_read(run_dir)) as store:
        assert store.sweep().state == "created"
        assert store.counts()[TrialState.CANCELLED] == 1
    outcome = resume(run_dir)
    assert (outcome.exit_code, outcome.counts[TrialState.FINISHED]) == (0, 2)
    assert driver.cancel(run_dir, ids) == []  # all are over


def test_trials_are_not_cancelled_behind_a_driver_s_back(made):
    run_dir = made([("rows", 1)])
    with closing(open_to_drive(run_dir, published=True)) as store:
        store.claim(f"not-{socket.gethostname()}", 1, time.time())
        (trial,) = store.trials()
    with pytest.raises(StoreBusyError, match="a driver is alive"):
        driver.cancel(run_dir, [trial.id])


def test_failed_trials_are_tried_again_by_the_next_driver_and_no_other(made, resume):
    run_dir = made([("rows", 1), ("fail", 0), ("rows", 1)])
    assert resume(run_dir).exit_code == 1
    with closing(open_to_read(run_dir)) as store:
        ids = [trial.id for trial in store.trials()]
    assert driver.retry(run_dir, ids) == [ids[1]]
    with closing(open_to_read(run_dir)) as store:
        assert store.sweep().ending.kind == "interrupted"
        assert [trial.id for trial in store.unfinished()] == [ids[1]]
    assert resume(run_dir).exit_code == 1
    with closing(open_to_read(run_dir)) as store:
        assert [len(store.attempts(trial)) for trial in ids] == [1, 2, 1]


# ------------------------------------------------------------------ results
def test_the_last_snapshot_is_at_the_results_url(made, resume, tmp_path):
    there = tmp_path / "bucket" / "run"
    resume(made([("rows", 2)] * 2), results=f"file://{there}")
    with closing(open_to_read(there)) as store:
        assert store.sweep().ending.kind == "finished"
        assert len(list(store.rows())) == 4
    assert [path.name for path in there.iterdir()] == ["snapshot.db"]


def test_results_that_can_be_put_nowhere_are_told_before_the_first_trial(made, resume, tmp_path):
    (tmp_path / "file").write_text("")
    run_dir = made([("rows", 1)])
    with pytest.raises(InputError, match=r"results: file:.*/file/run: can't be written"):
        resume(run_dir, results=f"file://{tmp_path}/file/run")
    with closing(open_to_read(run_dir)) as store:
        assert store.sweep().state == "created"


def test_results_that_later_cannot_be_put_there_are_a_line_in_the_log(
    made, resume, tmp_path, caplog
):
    there = tmp_path / "there"
    (there / ".snapshot.db-new").mkdir(parents=True)  # where the snapshot is written first
    run_dir = made([("rows", 1)])
    with caplog.at_level(logging.WARNING):
        outcome = resume(run_dir, results=f"file://{there}")
    assert outcome.exit_code == 0
    assert "the snapshot can't be put there" in caplog.text
    assert not (run_dir / "results-arrived").exists()
