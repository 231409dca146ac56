"""Where a trial's relative paths lead, and what `${NAME}` means in its YAML.

Nothing changes the working directory and nothing writes `os.environ`: a runner that trains many
trials in one process installs each trial's `Places` around its host code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """read: folder for relative paths that are read; write: for those that are written.

    environ: what `${NAME}` finds before it looks into the process's environment.
    """

    read: Path = Path()
    write: Path = Path()
    environ: Mapping[str, str] = field(default_factory=dict)


_places: ContextVar[Places] = ContextVar("places", default=Places())


class _Use:
    # A plain class: a generator's context takes three times as long, and this is entered a few
    # times an epoch.
    __slots__ = ("_places", "_token")

    def __init__(self, places: Places) -> None:
        self._places = places

    def __enter__(self) -> None:
        self._token = _places.set(self._places)

    def __exit__(self, *exc: object) -> None:
        _places.reset(self._token)


def use(places: Places) -> AbstractContextManager[None]:
    """A context: `places` are installed for the code inside."""
    return _Use(places)


def current() -> Places:
    """The places that are installed."""
    return _places.get()


def to_read(path: str | os.PathLike[str]) -> Path:
    """The file to read for `path`; `~` is expanded, a relative path is under `read`."""
    return _places.get().read / Path(path).expanduser()


def to_write(path: str | os.PathLike[str]) -> Path:
    """The file to write for `path`, its folder made; a relative path is under `write`."""
    target = _places.get().write / Path(path).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def environ(name: str) -> str | None:
    """What `${name}` stands for, or None."""
    found = _places.get().environ.get(name)
    return os.environ.get(name) if found is None else found
