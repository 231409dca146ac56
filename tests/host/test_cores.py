"""Cores: workers of one host share them by locks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sweeper.host import cores

CLAIM = """
import sys
from pathlib import Path
from sweeper.host import cores
cores._affinity = lambda: range(int(sys.argv[2]))
print(*cores.claim(int(sys.argv[3]), given=int(sys.argv[4]), folder=Path(sys.argv[1])), flush=True)
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


def test_a_folder_of_locks_that_may_be_another_user_s_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_affinity", lambda: range(4))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to("theirs")
    assert cores.claim(1, given=4, folder=tmp_path / "link") == ()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cores.claim(1, given=4, folder=tmp_path / "theirs") == ()
    assert list((tmp_path / "theirs").iterdir()) == []


def test_cores_are_locked_in_one_place_whatever_cluster_the_host_is_lent_to(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setenv("SWEEP_SCRATCH", "/scratch")
    assert str(cores.claims()) == f"/tmp/swp-cores-{os.getuid()}"


def test_pinning_to_the_cores_there_are_changes_nothing():
    before = os.sched_getaffinity(0)
    assert cores.pin(before) == cores.pin(()) == tuple(sorted(before))


def test_two_sweeps_of_one_core_each_begin_on_two_cores(tmp_path):
    folder = tmp_path / "cores"
    first, held = cores.free_first((4, 5, 6), 1, folder)
    second, held_too = cores.free_first((4, 5, 6), 1, folder)
    third, held_last = cores.free_first((4, 5, 6), 2, folder)
    assert (first, second) == ((4, 5, 6), (5, 4, 6))
    assert third == (6, 4, 5)  # too few are free: it shares
    for lock in (*held, *held_too, *held_last):
        os.close(lock)
    again, held = cores.free_first((4, 5, 6), 3, folder)
    assert again == (4, 5, 6)
    for lock in held:
        os.close(lock)


def test_cores_are_as_they_come_where_no_lock_can_be_had(tmp_path):
    (tmp_path / "file").write_text("")
    assert cores.free_first((1, 2), 1, tmp_path / "file" / "cores") == ((1, 2), [])
