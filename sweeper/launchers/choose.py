"""Which launcher: by what `--on` names, or by where a run was put."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.launchers import cluster_file, registry
from sweeper.records import Placed
from sweeper.records.errors import InputError
from sweeper.runs.placed import HERE, read_placed

if TYPE_CHECKING:
    from sweeper.launchers.base import ClusterConfig, Launcher

# A run that no launcher put anywhere: its driver, if any, is a process of this machine.
NOWHERE = Placed(HERE, job="")


def config_of(on: str | None) -> ClusterConfig:
    """What `--on` names: a cluster file, or http(s):// of a Ray cluster. Raises InputError.

    on: None for this machine, all of it.
    """
    if on is None:
        return cluster_file.bare(HERE)
    if on.startswith(("http://", "https://")):
        return cluster_file.loads(f"kind: ray\naddress: {on}\n", on)
    return cluster_file.load(Path(on))


def launcher_of(placed: Placed) -> Launcher:
    """The launcher that put a run where it is. Raises InputError where this user did not."""
    if not placed.is_own:
        raise InputError(
            f"{placed.kind} job {placed.job}: not asked, for this run was not launched from here by"
            " you. What its folder says of programs and addresses is not used; `sweep report` shows"
            " what is recorded in it. If it is yours: sweep adopt RUN."
        )
    # The file may have changed, or be gone, since the run was put there.
    if not placed.cluster_file:
        return launcher_by(cluster_file.bare(placed.kind))
    return launcher_by(
        cluster_file.loads(placed.cluster_file, "the cluster file that the run was launched with")
    )


def placed_of(run_dir: Path) -> Placed:
    """Where a run's driver was put; nowhere noted is on this machine. Raises InputError."""
    return read_placed(run_dir) or NOWHERE


def launcher_by(config: ClusterConfig) -> Launcher:
    """The launcher that a cluster file asks for. Raises InputError."""
    return registry.backend(config.kind).launcher(config)
