"""Which launcher: by what `--on` names, or by where a run was put."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sweeper.launchers import config
from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.launchers.base import Launcher
    from sweeper.records import Placed

# A backend is loaded when it is asked for: each has programs or packages of its own.
_BACKENDS = {
    "slurm": ("sweeper.launchers.slurm", "SlurmLauncher"),
    "ray": ("sweeper.launchers.jobs", "JobsLauncher"),
    "cloud": ("sweeper.launchers.cloud", "CloudLauncher"),
    "kubernetes": ("sweeper.launchers.kubernetes", "KubernetesLauncher"),
}


def config_of(on: str) -> config.ClusterConfig:
    """What `--on` names: a cluster file, or http(s):// of a Ray cluster. Raises InputError."""
    if on.startswith(("http://", "https://")):
        return config.loads(f"kind: ray\naddress: {on}\n", on)
    return config.load(Path(on))


def launcher_for(on: str) -> Launcher:
    """The launcher for `--on`. Raises InputError, and for `kind: local`, which needs none."""
    return launcher_by(config_of(on))


def launcher_of(placed: Placed) -> Launcher:
    """The launcher that put a run where it is. Raises InputError."""
    # The file may have changed, or be gone, since the run was put there.
    return launcher_by(config.loads(placed.cluster_file, "cluster_file of placed.json"))


def launcher_by(found: config.ClusterConfig) -> Launcher:
    """The launcher that a cluster file asks for. Raises InputError."""
    if found.kind not in _BACKENDS:
        raise InputError(f"{found.path}: kind {found.kind}: runs on this machine, without --on.")
    module, name = _BACKENDS[found.kind]
    return cast("Launcher", getattr(import_module(module), name)(found))
