"""Which launcher: by what `--on` names, or by where a run was put."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.launchers import cluster_file, registry
from sweeper.records import Placed
from sweeper.runs.placed import read_placed

if TYPE_CHECKING:
    from sweeper.launchers.base import ClusterConfig, Launcher

HERE = "local"  # the kind that needs no cluster file


def config_of(on: str | None) -> ClusterConfig:
    """What `--on` names: a cluster file, or http(s):// of a Ray cluster. Raises InputError.

    on: None for this machine, all of it.
    """
    if on is None:
        return cluster_file.loads(f"kind: {HERE}\n", "this machine")
    if on.startswith(("http://", "https://")):
        return cluster_file.loads(f"kind: ray\naddress: {on}\n", on)
    return cluster_file.load(Path(on))


def launcher_of(placed: Placed) -> Launcher:
    """The launcher that put a run where it is. Raises InputError."""
    # The file may have changed, or be gone, since the run was put there.
    text = placed.cluster_file or f"kind: {placed.kind}\n"
    return launcher_by(cluster_file.loads(text, "cluster_file of placed.json"))


def placed_of(run_dir: Path) -> Placed:
    """Where a run's driver was put; nowhere noted is on this machine. Raises InputError."""
    return read_placed(run_dir) or Placed(HERE, job="")


def launcher_by(config: ClusterConfig) -> Launcher:
    """The launcher that a cluster file asks for. Raises InputError."""
    return registry.backend(config.kind).launcher(config)
