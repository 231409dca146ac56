"""Words for who looks on, who may be gone."""

from __future__ import annotations

import contextlib
from pathlib import Path

import typer


def say(words: str) -> None:
    """Print a line; what was done stays done where its reader is gone (`| head`)."""
    with contextlib.suppress(OSError):
        typer.echo(words)


def shown_path(path: Path) -> str:
    """The path from here where it is below, else in full."""
    full, here = path.absolute(), Path.cwd()
    return str(full.relative_to(here) if full.is_relative_to(here) else full)
