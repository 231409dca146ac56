"""Which launcher, and what a file leaves of this machine."""

from __future__ import annotations

import pytest

from sweeper.launchers import choose, cluster_file
from sweeper.launchers.base import InProcess
from sweeper.launchers.local import LocalLauncher
from sweeper.launchers.ray.config import RayConfig
from sweeper.records import Placed


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
    launcher = choose.launcher_by(choose.config_of(str(path)))
    path.unlink()
    again = choose.launcher_of(Placed("slurm", "1", cluster_file=text))
    assert type(launcher).__name__ == type(again).__name__ == name
    assert launcher.has_folder is has_folder


def test_an_address_is_a_ray_cluster():
    found = choose.config_of("http://head:8265")
    assert isinstance(found, RayConfig)
    assert found.address == "http://head:8265"


@pytest.mark.parametrize("text", ["kind: slurm\n", "kind: ray\naddress: http://head:8265\n"])
def test_only_on_this_machine_the_driver_may_be_the_process_that_launches(text):
    here = choose.launcher_by(choose.config_of(None))
    assert isinstance(here, InProcess)
    assert not isinstance(choose.launcher_by(cluster_file.loads(text, "c.yaml")), InProcess)


def test_a_run_that_was_put_nowhere_is_on_this_machine(tmp_path):
    placed = choose.placed_of(tmp_path)
    assert type(choose.launcher_of(placed)) is LocalLauncher
    assert LocalLauncher(choose.config_of(None)).look(placed, tmp_path).state == "over"
