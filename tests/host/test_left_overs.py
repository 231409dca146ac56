"""Folders of temporary files stay while somebody holds them, and are removed by who comes later."""

from __future__ import annotations

import fcntl
import subprocess
import sys

import pytest

ENTER = """
import sys
from pathlib import Path
from sweeper.host import left_overs
left_overs.enter(Path(sys.argv[1]))
print("in", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def enter():
    """Starts a worker of the sweep that a folder is of."""
    workers = []

    def start(folder):
        command = [sys.executable, "-c", ENTER, str(folder)]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        workers.append(worker)
        assert worker.stdout.readline() == "in\n"
        (folder / "data").mkdir(exist_ok=True)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


def test_a_sweep_s_folder_stays_while_one_of_its_workers_lives_and_the_next_sweep_removes_it(
    enter, tmp_path
):
    old, new, newest = (tmp_path / "root" / name for name in ("old", "new", "newest"))
    killed, alive = enter(old), enter(old)
    killed.kill()
    killed.wait()
    enter(new)
    assert (old / "data").is_dir()
    alive.kill()
    alive.wait()
    enter(newest)
    assert sorted(path.name for path in old.parent.iterdir()) == ["lock", "new", "newest"]
    assert old.parent.stat().st_mode & 0o777 == new.stat().st_mode & 0o777 == 0o700


def test_what_is_no_sweep_s_folder_is_left_alone(enter, tmp_path):
    root = tmp_path / "root"
    (root / "r").mkdir(parents=True)
    (root / "lock").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lock").touch()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    enter(root / "mine")
    assert sorted(path.name for path in root.iterdir()) == ["link", "lock", "mine", "r"]
    assert (tmp_path / "elsewhere" / "lock").exists()


def test_the_folder_of_all_sweeps_is_locked_too_or_its_job_has_it_locked(enter, tmp_path):
    root = tmp_path / "root"
    worker = enter(root / "mine")
    with (root / "lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        worker.kill()
        worker.wait()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as a SLURM job does
        enter(root / "another")
    assert (root / "another").is_dir()
