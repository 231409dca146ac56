"""Which launcher, and what a file leaves of this machine."""

from __future__ import annotations

import os

import pytest

from sweeper.host import cores
from sweeper.launchers import choose, cluster_file
from sweeper.launchers.local.confine import confine
from sweeper.launchers.ray.config import RayConfig
from sweeper.records import Placed
from sweeper.records.errors import InputError


@pytest.mark.parametrize(
    ("text", "name", "has_folder"),
    [
        ("kind: slurm\n", "SlurmLauncher", True),
        ("kind: ray\naddress: http://head:8265\n", "RayLauncher", False),
    ],
)
def test_a_cluster_file_chooses_its_launcher_and_so_does_what_is_kept_of_it(
    tmp_path, text, name, has_folder
):
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    launcher = choose.launcher_for(str(path))
    path.unlink()
    again = choose.launcher_of(Placed("slurm", "1", cluster_file=text))
    assert type(launcher).__name__ == type(again).__name__ == name
    assert launcher.has_folder is has_folder


def test_an_address_is_a_ray_cluster():
    found = choose.config_of("http://head:8265")
    assert isinstance(found, RayConfig)
    assert found.address == "http://head:8265"


def test_this_machine_needs_no_launcher(tmp_path):
    path = tmp_path / "here.yaml"
    path.write_text("kind: local\n")
    with pytest.raises(InputError, match="runs on this machine"):
        choose.launcher_for(str(path))


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
