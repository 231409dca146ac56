"""Which launcher: by what `--on` names, or by where a run was put."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.launchers import cluster_file, registry
from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.launchers.base import ClusterConfig, Launcher
    from sweeper.records import Placed


def config_of(on: str) -> ClusterConfig:
    """What `--on` names: a cluster file, or http(s):// of a Ray cluster. Raises InputError."""
    if on.startswith(("http://", "https://")):
        return cluster_file.loads(f"kind: ray\naddress: {on}\n", on)
    return cluster_file.load(Path(on))


def launcher_for(on: str) -> Launcher:
    """The launcher for `--on`. Raises InputError."""
    return launcher_by(config_of(on))


def launcher_of(placed: Placed) -> Launcher:
    """The launcher that put a run where it is. Raises InputError where this user did not."""
    if not placed.is_own:
        raise InputError(
            f"{placed.kind} job {placed.job}: not asked, for this run was not launched from here by"
            " you. What its folder says of programs and addresses is not used; `sweep report` shows"
            " what is recorded in it."
        )
    # The file may have changed, or be gone, since the run was put there.
    return launcher_by(
        cluster_file.loads(placed.cluster_file, "the cluster file that the run was launched with")
    )


def launcher_by(config: ClusterConfig) -> Launcher:
    """The launcher that a cluster file asks for. Raises InputError."""
    return registry.backend(config.kind).launcher(config)
