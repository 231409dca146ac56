"""Stores in SQLite files, on a local disk and as on a network's."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from sweeper.records import TrialState
from sweeper.records.errors import StoreBusyError, StoreError
from sweeper.store.sql import backend, sqlite
from sweeper.store.sql.sqlite import explained
from sweeper.testing.stores import StoreContract
from sweeper.testing.stores.base import HOST, NOW, PID


class TestLocal(StoreContract):
    backend = backend
    published = False

    def test_a_missing_store_s_file_is_named(self, tmp_path):
        for use in (self.open, self.read):
            with pytest.raises(
                StoreError, match=r"sweep\.db: there is no store.*a sweep\.db in it"
            ):
                use(tmp_path / "gone" / "sweep.db")

    def test_a_folder_that_cannot_be_written_is_a_paragraph(self, tmp_path, make):
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreError, match=r"can't be opened or written .* you may write in"):
            self.create(tmp_path / "file" / "sweep.db", make.sweep(), [])

    def test_a_full_disk_keeps_what_was_written_and_the_store_whole(
        self, path, store, generation, make
    ):
        store.write(generation, [make.started("t0"), make.row("t0", 0)])
        with _limited(store):
            with pytest.raises(StoreError, match=r"the disk is full.*sweep resume"):
                store.write(generation, [make.row("t0", e, [0.0] * 2000) for e in range(1, 500)])
            assert [row.epoch for row in store.rows()] == [0]
        store.write(generation, [make.row("t0", 1, (1.0,), names=("other",))])
        store.close()
        assert _check(path / "sweep.db") == "ok"
        reader = self.read(path)
        assert [row.channels for row in reader.rows()] == [
            ("valid_error", "train_error"),
            ("other",),
        ]
        reader.close()

    def test_a_channel_list_that_was_rolled_back_is_written_again(self, store, generation, make):
        store.write(generation, [make.started("t0")])
        new = ("new",)
        rows = [make.row("t0", e, [0.0] * 2000, names=new) for e in range(500)]
        with _limited(store), pytest.raises(StoreError, match="the disk is full"):
            store.write(generation, rows)
        store.write(generation, [make.row("t0", 0, (1.0,), names=new)])
        assert [row.channels for row in store.rows()] == [new]

    @pytest.mark.parametrize(
        ("step", "told"),
        [
            (1, r"a later version .*format 4; this one knows 3\)\. Install that version, or"),
            (-2, r"an earlier version .*format 1; this one knows 3\)\. Install that version to"),
        ],
        ids=["later", "earlier"],
    )
    def test_another_format_is_refused_and_names_both(self, path, store, step, told):
        store.close()
        with contextlib.closing(sqlite3.connect(path / "sweep.db")) as raw:
            raw.execute("UPDATE sweep SET version = version + ?", (step,))
            raw.commit()
        (path / "snapshot.db").unlink(missing_ok=True)
        for use in (self.open, self.read):
            with pytest.raises(StoreError, match=told):
                use(path)

    def test_a_file_that_is_no_store_is_named(self, path):
        (path / "sweep.db").write_bytes(b"not a database, but long enough to be one" * 100)
        for use in (self.open, self.read):
            with pytest.raises(StoreError, match=r"sweep\.db: damaged, or no file of ours"):
                use(path)

    def test_an_empty_file_is_a_launch_that_did_not_finish(self, path):
        (path / "sweep.db").touch()
        for use in (self.open, self.read):
            with pytest.raises(StoreError, match="its launch ended before the trials were"):
                use(path)

    def test_the_file_is_for_its_user_alone(self, path, store):
        assert stat.S_IMODE((path / "sweep.db").stat().st_mode) == 0o600

    def test_a_driver_that_was_killed_loses_nothing_it_wrote(self, path):
        child = _writer(path, self.published, then="os.kill(os.getpid(), 9)")
        assert child.wait(60) == -signal.SIGKILL
        reader = self.read(path)
        assert sum(1 for _ in reader.rows()) == 200
        reader.close()
        store = self.open(path)
        assert sum(1 for _ in store.rows()) == 200
        # The dead driver's heartbeat is young: its process is what tells.
        assert store.claim(HOST, os.getpid(), NOW) == 2
        store.close()


class TestNetwork(TestLocal):
    published = True

    def test_readers_see_the_snapshot_while_the_driver_holds_the_file(
        self, path, store, generation, make
    ):
        assert store.publish(NOW) is True
        store.write(generation, [make.changed("t0", "finished")])
        assert store.publish(NOW + 9.9) is False
        with contextlib.closing(self.read(path)) as reader:
            assert reader.counts()[TrialState.FINISHED] == 0
        assert store.publish(NOW + 10) is True
        with contextlib.closing(self.read(path)) as reader:
            assert reader.counts()[TrialState.FINISHED] == 1

    def test_closing_publishes_what_was_written_last(self, path, store, generation, make):
        store.publish(NOW)
        store.write(generation, [make.changed("t0", "finished")])
        store.close()
        (path / "sweep.db").unlink()
        with contextlib.closing(self.read(path)) as reader:
            assert reader.counts()[TrialState.FINISHED] == 1

    def test_a_reader_that_does_not_know_of_the_network_finds_the_snapshot(self, path, store):
        store.publish(NOW)
        with contextlib.closing(backend.read(path, published=False)) as reader:
            assert len(reader.trials()) == 4

    def test_a_second_driver_is_told_who_holds_the_file(self, path, store, generation):
        store.publish(NOW)
        with pytest.raises(StoreBusyError, match=r"process 77 on host node0"):
            self.open(path)

    def test_a_second_driver_is_refused_without_a_snapshot_too(self, path, store, generation):
        with pytest.raises(StoreBusyError, match="another process holds the store"):
            self.open(path)

    def test_publishing_leaves_no_other_file(self, path, store):
        store.publish(NOW)
        assert {entry.name for entry in path.iterdir()} <= {
            "sweep.db",
            "sweep.db-journal",
            "snapshot.db",
        }

    def test_a_folder_that_refuses_the_snapshot_is_a_store_error(self, path, store):
        (path / "snapshot.db").mkdir()
        with pytest.raises(StoreError, match="can't be opened or written"):
            store.publish(NOW)
        (path / "snapshot.db").rmdir()


# ------------------------------------------------------------------ both
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_for_a_file_is_said_as_a_full_disk(tmp_path, number):
    full = pytest.raises(StoreError, match=r"sweep\.db: the disk is full")
    with full, explained(tmp_path / "sweep.db"):
        raise OSError(number, os.strerror(number))


def test_a_disk_too_full_for_the_trials_leaves_nothing_and_says_to_launch_again(
    tmp_path, make, monkeypatch
):
    open_shared = sqlite.open_shared

    def small(path):
        raw = open_shared(path)
        raw.execute("PRAGMA max_page_count=20")
        return raw

    monkeypatch.setattr(sqlite, "open_shared", small)
    with pytest.raises(StoreError, match=r"the disk is full, so the run's .* launch again"):
        backend.create(tmp_path, make.sweep(), make.trials(2000), published=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_closed_again(tmp_path, monkeypatch):
    opened = []

    def connect(*arguments, **options):
        opened.append(sqlite3.Connection(*arguments, **options))
        return opened[0]

    monkeypatch.setattr(sqlite.sqlite3, "connect", connect)
    (tmp_path / "sweep.db").write_text("a letter, not a database\n" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        sqlite.open_shared(tmp_path / "sweep.db")
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        opened[0].execute("SELECT 1")


# ------------------------------------------------------------------ local only
def test_nothing_is_published_on_a_local_disk(tmp_path, make):
    with contextlib.closing(backend.create(tmp_path, make.sweep(), [], published=False)) as store:
        assert store.publish(NOW) is False
    assert [entry.name for entry in tmp_path.iterdir()] == ["sweep.db"]


def test_what_many_trials_record_lies_together_in_the_file(tmp_path, make):
    ids = [hashlib.sha256(str(place).encode()).hexdigest()[:12] for place in range(5000)]
    trials = [replace(trial, id=one) for trial, one in zip(make.trials(5000), ids, strict=True)]
    with contextlib.closing(
        backend.create(tmp_path, make.sweep(), trials, published=False)
    ) as store:
        generation = store.claim(HOST, PID, NOW)
        for of in (ids[:4900], ids[4900:]):
            store._file.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            rows = [make.row(one, epoch) for one in of for epoch in range(10)]
            store.write(generation, [*map(make.started, of), *rows, *map(make.ended, of)])
        # Of 100 trials. A page holds more than one: ten rows of 50 bytes, an attempt of 200.
        assert (tmp_path / "sweep.db-wal").stat().st_size / (4096 + 24) < 100


def test_readers_see_whole_writes_only_while_a_writer_writes(tmp_path, make):
    child = _writer(tmp_path, False, writes=400, pause=0.001)
    seen = []
    while child.poll() is None:
        with contextlib.suppress(StoreError):
            # Nothing to read until the child has made the store.
            reader = backend.read(tmp_path, published=False)
            rows = list(reader.rows())
            counts = reader.counts()
            # Each write is ten rows of one trial and its end: never a part of it.
            assert len(rows) == 10 * counts[TrialState.FINISHED]
            assert len(rows) == 10 * len(reader.attempts())
            seen.append(len(rows))
            reader.close()
    assert child.returncode == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    with contextlib.closing(backend.read(tmp_path, published=False)) as reader:
        assert sum(1 for _ in reader.rows()) == 4000


def test_a_reader_leaves_the_folder_as_it_was_after_the_run(tmp_path, make):
    backend.create(tmp_path, make.sweep(), make.trials(), published=False).close()
    with contextlib.closing(backend.read(tmp_path, published=False)) as reader:
        assert len(reader.trials()) == 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["sweep.db"]


def test_a_reader_does_not_keep_the_driver_from_opening_the_store(tmp_path, make):
    backend.create(tmp_path, make.sweep(), make.trials(), published=False).close()
    reader = backend.read(tmp_path, published=False)
    reader.close()
    with contextlib.closing(backend.open(tmp_path, published=False)) as store:
        assert store.claim(HOST, PID, NOW) == 1


def test_a_local_run_goes_on_after_its_folder_moved_to_a_network_disk(tmp_path, make):
    store = backend.create(tmp_path, make.sweep(), make.trials(), published=False)
    store.write(store.claim(HOST, PID, NOW), [make.started("t0"), make.row("t0", 0)])
    store.close()
    moved = backend.open(tmp_path, published=True)
    assert len(list(moved.rows())) == 1
    moved.close()


def test_a_heartbeat_from_another_thread_is_safe(tmp_path, make):
    from concurrent.futures import ThreadPoolExecutor

    store = backend.create(tmp_path, make.sweep(), make.trials(), published=False)
    generation = store.claim(HOST, PID, NOW)
    store.write(generation, [make.started("t0")])
    with ThreadPoolExecutor(1) as pool:
        beats = [pool.submit(store.heartbeat, generation, NOW + i) for i in range(50)]
        for epoch in range(50):
            store.write(generation, [make.row("t0", epoch)])
        for beat in beats:
            beat.result(30)
    assert store.sweep().heartbeat == NOW + 49
    assert len(list(store.rows())) == 50
    store.close()


# ------------------------------------------------------------------ helpers
@contextlib.contextmanager
def _limited(store):
    """Let the database grow by a few pages only, which SQLite reports as a full disk."""
    raw = store._file.raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count={pages + 4}")
    yield
    raw.execute("PRAGMA max_page_count=1000000")


def _check(path):
    with contextlib.closing(sqlite3.connect(path)) as raw:
        return raw.execute("PRAGMA integrity_check").fetchone()[0]


_WRITER = """
import os, sys, time
from array import array
from pathlib import Path
from sweeper.records import *
from sweeper.store.sql import backend
path, published = Path(sys.argv[1]), sys.argv[2] == "True"
writes, pause = int(sys.argv[3]), float(sys.argv[4])
trials = [Trial(f"t{i}", i, {"i": i}, "x", (i,)) for i in range(writes)]
sweep = SweepRecord("n", 1.0, "s", "t", {}, None, 1, {"x": ExperimentText("s", "t", (1,))})
store = backend.create(path, sweep, trials, published=published)
generation = store.claim("node0", os.getpid(), 1000.0)
for trial in trials:
    t = trial.id
    rows = [Row(t, 1, 0, e, 1.0, ("a",), array("d", [e]).tobytes()) for e in range(10)]
    store.write(generation, [
        AttemptStarted(t, 1, 0, Device("h", 1), 1.0), *rows,
        AttemptEnded(t, 1, AttemptState.FINISHED, 2.0), TrialChanged(t, TrialState.FINISHED, 2.0)])
    time.sleep(pause)
"""


def _writer(path, published, *, writes=20, pause=0.0, then="store.close()"):
    """Start a process that creates a store and writes `writes` trials of ten rows."""
    command = [sys.executable, "-c", _WRITER + then, str(path), str(published), str(writes)]
    return subprocess.Popen([*command, str(pause)])
