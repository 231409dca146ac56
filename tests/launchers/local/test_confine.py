"""What a cluster file leaves of this machine."""

from __future__ import annotations

import os

import pytest

from sweeper.host import cores
from sweeper.launchers import cluster_file
from sweeper.launchers.local.confine import confine


@pytest.fixture
def all_cores():
    """The cores of this process, given back afterwards."""
    before = cores.own()
    yield before
    os.sched_setaffinity(0, before)


def test_a_file_may_leave_a_part_of_this_machine(all_cores, tmp_path):
    environ = {"CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b,GPU-c"}
    confine(cluster_file.loads(f"kind: local\ncpus: 1\ngpus: 2\ndata: {tmp_path}\n", "f"), environ)
    assert cores.own() == all_cores[:1]
    assert environ == {
        "CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b",
        "PYLEARN2_DATA_PATH": str(tmp_path),
    }


def test_a_file_that_names_nothing_leaves_all_of_it(all_cores):
    environ: dict[str, str] = {}
    confine(cluster_file.loads("kind: local\n", "f"), environ)
    assert (cores.own(), environ) == (all_cores, {})
