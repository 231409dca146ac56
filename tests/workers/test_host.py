"""What workers of one host agree on: cores by locks, and a folder that is the user's alone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from sweeper.records.errors import ClusterError
from sweeper.workers import host

CLAIM = """
import sys
from pathlib import Path
from sweeper.workers import host
host._affinity = lambda: range(int(sys.argv[2]))
print(*host.claim(int(sys.argv[3]), given=int(sys.argv[4]), folder=Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def claim(tmp_path):
    """Starts a worker that may use cores 0..mask-1, claims `count` and keeps them; see `cores`."""
    workers = []

    def start(count, *, mask=4, given=4):
        command = [sys.executable, "-c", CLAIM, str(tmp_path), str(mask), str(count), str(given)]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        workers.append(worker)
        worker.cores = tuple(map(int, worker.stdout.readline().split()))
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


def test_no_two_workers_of_a_host_have_a_core_in_common_and_a_dead_one_s_are_free(claim):
    first, second = claim(1), claim(2)
    assert (first.cores, second.cores) == ((0,), (1, 2))
    first.kill()
    first.wait()
    assert claim(2).cores == (0, 3)


def test_a_worker_that_finds_too_few_free_cores_takes_none(claim):
    assert claim(3).cores == (0, 1, 2)
    assert claim(2).cores == ()
    assert claim(1).cores == (3,)


@pytest.mark.parametrize(("mask", "given"), [(8, 4), (2, 4)])
def test_nothing_is_pinned_where_the_mask_is_not_what_the_host_lends(claim, mask, given):
    # Wider: SLURM without task affinity shows the cores of other jobs too.
    assert claim(1, mask=mask, given=given).cores == ()


def test_a_private_folder_is_made_once_and_closed_to_others(tmp_path):
    folder = tmp_path / "a" / "b"
    host.make_private(folder)
    folder.chmod(0o755)
    host.make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_the_private_folder_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to("theirs")
    with pytest.raises(ClusterError, match=r"link: can't be used .* not a folder of user .*own"):
        host.make_private(tmp_path / "link")


def test_another_user_s_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ClusterError, match=r"not a folder of user 12345's own\. Remove it on"):
        host.make_private(tmp_path)


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"file: can't be used for temporary files: File exists"):
        host.make_private(tmp_path / "file")


# ------------------------------------------------------------------ a sweep's folder
ENTER = """
import sys
from pathlib import Path
from sweeper.workers import host
host.enter(Path(sys.argv[1]))
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


def test_a_folder_of_locks_that_may_be_another_user_s_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "_affinity", lambda: range(4))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to("theirs")
    assert host.claim(1, given=4, folder=tmp_path / "link") == ()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert host.claim(1, given=4, folder=tmp_path / "theirs") == ()
    assert list((tmp_path / "theirs").iterdir()) == []


def test_cores_are_locked_in_one_place_whatever_cluster_the_host_is_lent_to(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setenv("SWEEP_SCRATCH", "/scratch")
    assert str(host.locks_of_cores()) == f"/tmp/swp-cores-{os.getuid()}"
