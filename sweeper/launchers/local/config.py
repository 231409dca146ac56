"""`kind: local` of a cluster file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweeper.launchers import readers as r
from sweeper.spec.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalConfig:
    """`kind: local`: this machine, or a part of it. gpus, cpus: at most so many; None for all."""

    kind: str = "local"
    path: Path
    text: str
    gpus: int | None = None
    cpus: int | None = None
    data: str = ""


_LOCAL = {**r.KIND, **r.keys(gpus=r.at_least(0), cpus=r.at_least(1), data=r.data)}


def read(place: Place, common: r.Common) -> LocalConfig:
    """Check the mapping of a cluster file. Raises InputError."""
    return LocalConfig(**r.fields(place, _LOCAL), **common)
