"""Folders of temporary files stay while somebody holds them, and are removed by who comes later."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys

import pytest

from sweeper.host import left_overs

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


def test_ray_s_processes_in_a_left_over_end_with_it_and_nobody_else_s(tmp_path):
    folder = tmp_path / "swp1-x"
    program = tmp_path / "site-packages" / "ray" / "agent.py"
    program.parent.mkdir(parents=True)
    program.write_text("import time\ntime.sleep(600)\n")
    (folder / "r").mkdir(parents=True)
    log = str(folder / "r" / "log")
    ours = subprocess.Popen([sys.executable, str(program), log])
    beside = subprocess.Popen([sys.executable, str(program), str(tmp_path / "swp1-xy" / "log")])
    looks = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", log])
    try:
        left_overs.clear(folder)
        assert ours.wait(10) == -signal.SIGKILL
        assert (beside.poll(), looks.poll()) == (None, None)
        assert not folder.exists()
    finally:
        for process in (ours, beside, looks):
            process.kill()
            process.wait()
