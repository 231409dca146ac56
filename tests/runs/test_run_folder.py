"""Where things are in a run's folder, and what of it can be opened."""

from __future__ import annotations

from contextlib import closing

import pytest

from sweeper.records import TrialState
from sweeper.records.errors import StoreError
from sweeper.runs.folder import RunFolder, attempt_number, attempt_path, snapshot_url
from sweeper.runs.open import create_store, open_to_drive, open_to_read, parts_with_store, read_made
from sweeper.runs.parts import Part, prepare
from sweeper.testing.stores import made


@pytest.fixture
def run_dir(tmp_path):
    """A run with four trials, t0 to t3, whose store others read by a copy."""
    create_store(tmp_path, made.sweep(), made.trials(4), published=True).close()
    return tmp_path


def test_an_attempt_s_folder_is_the_same_on_a_disk_and_at_a_url(tmp_path):
    assert RunFolder(tmp_path).attempt("t0", 12) == tmp_path / "trials" / "t0" / "a12"
    assert RunFolder(tmp_path).trials / attempt_path("t0", 12) == tmp_path / "trials/t0/a12"
    assert snapshot_url("s3://bucket/run/") == "s3://bucket/run/snapshot.db"


@pytest.mark.parametrize(
    ("name", "number"), [("a1", 1), ("a012", 12), ("a", None), ("b1", None), ("a1b", None)]
)
def test_only_an_attempt_s_name_has_its_number(name, number):
    assert attempt_number(name) == number


def test_attempts_that_left_something_are_found_whatever_lies_beside_them(tmp_path):
    run = RunFolder(tmp_path)
    assert run.begun() == set()
    for name in ("a1", "a10", "a2", "about", "notes"):
        (run.trial("t0") / name).mkdir(parents=True)
    assert run.begun() == {"t0"}
    assert sorted(run.attempts("t0")) == [1, 2, 10]
    assert run.attempts("t1") == []


def test_parts_come_by_number_and_their_logs_with_them(tmp_path):
    run = RunFolder(tmp_path)
    for number in (10, 2):
        run.part(number).logs.mkdir(parents=True)
        run.part(number).worker_log(0).touch()
    (tmp_path / "parts" / ".2-new").mkdir()  # of a start that died
    run.logs.mkdir()
    run.worker_log(1).touch()
    run.driver_log.touch()
    assert [part.path.name for part in run.parts()] == ["2", "10"]
    assert run.worker_logs() == [
        tmp_path / "logs" / "worker-1.log",
        tmp_path / "parts" / "2" / "logs" / "worker-0.log",
        tmp_path / "parts" / "10" / "logs" / "worker-0.log",
    ]


def test_a_folder_says_what_of_a_run_is_in_it(tmp_path):
    run = RunFolder(tmp_path)
    assert not run.is_run
    run.placed.touch()
    assert (run.is_run, run.is_fetched, run.can_be_read) == (True, True, False)
    run.snapshot.touch()
    assert (run.is_fetched, run.can_be_read, run.has_store) == (True, True, False)
    run.store.touch()
    assert (run.is_fetched, run.can_be_read, run.has_store) == (False, True, True)


def test_a_run_in_parts_is_read_as_one_and_driven_part_by_part(run_dir):
    assert parts_with_store(run_dir) == []
    part_dir = prepare(run_dir, Part(1, 2))
    with closing(open_to_drive(part_dir, published=True)) as store:
        generation = store.claim("node0", 77, 1000.0)
        store.write(generation, [made.changed("t3", "finished")])
    assert parts_with_store(run_dir) == [part_dir]
    with closing(open_to_read(run_dir)) as store:
        assert [one.state for one in store.trials()] == [TrialState.PENDING] * 3 + [
            TrialState.FINISHED
        ]
    with closing(read_made(run_dir)) as store:
        assert store.counts()[TrialState.PENDING] == 4


def test_a_folder_without_a_store_is_told_whoever_opens_it(tmp_path):
    for use in (open_to_read, open_to_drive, read_made):
        with pytest.raises(StoreError, match="there is no store"):
            use(tmp_path)
