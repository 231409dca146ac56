"""A driver that ends while it is looked at: what it wrote last is what is told."""

from __future__ import annotations

import os
import socket
import time

import pytest

from sweeper import cli
from sweeper.cli import watcher as watching
from sweeper.cli.reading import read_status
from sweeper.cli.watch import ending_of
from sweeper.cli.watcher import Watcher
from sweeper.launchers.local import launcher as local
from sweeper.records import Ending, EndKind
from sweeper.report import status as told
from sweeper.runs.open import create_store
from sweeper.store import liveness
from sweeper.testing.stores import made


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run that this process drives, until its process is asked about in `where`."""
    (tmp_path / "run").mkdir()
    store = create_store(tmp_path / "run", made.sweep(), made.trials(1))
    now = time.time()
    generation = store.claim(socket.gethostname(), os.getpid(), now)

    def ends_in(where):
        def ended(sweep, **rest):
            if sweep.state == "running":
                changes = [made.started("t0"), made.row("t0", 0), made.ended("t0")]
                store.write(generation, [*changes, made.changed("t0", "finished")])
                store.finish(generation, Ending(EndKind.FINISHED), now)
            return liveness.driver_lives(sweep, **{**rest, "lives": lambda pid: False})

        monkeypatch.setattr(where, "driver_lives", ended)

    yield tmp_path / "run", ends_in
    store.close()


@pytest.mark.parametrize("where", [told, local], ids=["as it is read", "as it is asked about"])
def test_a_run_that_ends_while_it_is_watched_is_over_as_it_ended(run, where):
    run_dir, ends_in = run
    watcher = Watcher(run_dir)
    ends_in(where)
    for _ in range(3):
        watcher.look()
        if watcher.is_over:
            break
    assert watcher.is_over
    assert watcher.status is not None
    assert ending_of(run_dir, watcher.status.sweep, "").kind is EndKind.FINISHED


@pytest.mark.parametrize("command", ["status", "show"])
def test_a_run_that_ends_while_it_is_read_is_not_called_one_whose_driver_is_gone(
    run, capsys, command
):
    run_dir, ends_in = run
    ends_in(told)
    assert cli.run([command, str(run_dir)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("digits: finished")
    assert "1: 1 finished" in out
    assert "resume" not in out


def test_a_watcher_reads_again_only_what_changed(run, monkeypatch):
    run_dir, _ = run
    read = []
    monkeypatch.setattr(
        watching, "read_status", lambda folder: read.append(folder) or read_status(folder)
    )
    watcher = Watcher(run_dir)
    for _ in range(5):
        watcher.look()
    assert len(read) == 1
    os.utime(run_dir / "sweep.db-wal")
    watcher.look()
    watcher.look()
    assert len(read) == 2
