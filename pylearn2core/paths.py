"""Where a trial's relative paths lead, and what `${NAME}` means in its YAML.

Nothing changes the working directory and nothing writes `os.environ`: a runner that trains many
trials in one process installs each trial's `Places` around its host code.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def use(places: Places) -> Iterator[None]:
    """Install `places` for the code inside."""
    token = _places.set(places)
    try:
        yield
    finally:
        _places.reset(token)


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
