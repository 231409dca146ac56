"""The kinds of cluster file: our own backends, and those of packages that are installed.

A package adds a kind by an entry point of the group `sweeper.launchers`, whose name is the kind and
whose object is a `base.Backend`.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sweeper.launchers.base import Backend
from sweeper.records.errors import InputError

GROUP = "sweeper.launchers"
# Ours are found without metadata too: a checkout that is not installed, code sent to a node.
_OWN = {
    "slurm": "sweeper.launchers.slurm:BACKEND",
    "cloud": "sweeper.launchers.cloud:BACKEND",
    "ray": "sweeper.launchers.ray:BACKEND",
    "kubernetes": "sweeper.launchers.kubernetes:BACKEND",
    "local": "sweeper.launchers.local:BACKEND",
}


def kinds() -> tuple[str, ...]:
    """All kinds, our own first. Looks through what is installed, which takes a moment."""
    return (*_OWN, *sorted(entry_points(group=GROUP).names - _OWN.keys()))


def has(kind: object) -> bool:
    """Whether there is a backend of this kind."""
    return kind in _OWN or kind in kinds()


def backend(kind: str) -> Backend[Any]:
    """The backend of a kind, loaded when it is asked for. Raises InputError.

    Each has programs or packages of its own, so none is loaded before.
    """
    if kind in _OWN:
        return _loaded(EntryPoint(kind, _OWN[kind], GROUP))
    for found in entry_points(group=GROUP, name=kind):
        return _loaded(found)
    raise InputError(
        f"kind {kind}: no package that is installed here brings this backend. Install the one that"
        " the cluster file was written for."
    )


def _loaded(found: EntryPoint) -> Backend[Any]:
    try:
        made = found.load()
    except (ImportError, AttributeError) as error:
        package = found.dist.name if found.dist else "sweeper"
        raise InputError(
            f"kind {found.name}: the backend of the package {package} can't be loaded:"
            f" {type(error).__name__}: {error}. Install that package anew, with what it needs."
        ) from error
    if not isinstance(made, Backend):
        raise InputError(
            f"kind {found.name}: {found.value} is a {type(made).__name__}, expected a"
            " sweeper.launchers.base.Backend."
        )
    return made
