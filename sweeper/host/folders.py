"""Folders that are this user's alone, and files that no reader finds half written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.host.variables import SCRATCH
from sweeper.records.errors import ClusterError


class NotOwnError(PermissionError):
    """A folder's place is taken by another user's, or by a link."""


def make_own(folder: Path) -> None:
    """Make a folder, mode 0700, or close to others one that is this user's own. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()  # a link of another user's could lead anywhere
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise NotOwnError(f"it is not a folder of user {os.getuid()}'s own")
    folder.chmod(0o700)


def state_folder() -> Path:
    """Where this user's records are kept, outside of any run; it need not be there yet.

    By the XDG base directory specification: XDG_STATE_HOME, else ~/.local/state.
    Raises RuntimeError where this user has no home.
    """
    home = os.environ.get("XDG_STATE_HOME", "")
    root = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return root / "sweeper"


def is_own_file(path: Path) -> bool:
    """Whether a plain file is there that is this user's, and no link to one."""
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid()


def make_scratch(folder: Path) -> None:
    """As make_own, for temporary files of workers. Raises ClusterError."""
    try:
        make_own(folder)
    except OSError as error:
        raise ClusterError(
            f"{folder}: can't be used for temporary files: {error.strerror or error}. Remove it on"
            f" {os.uname().nodename}, or set {SCRATCH} to a short path on the nodes' own disks."
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path`, renamed to it at the end: a reader finds the old one or the new one.

    What was begun there is removed where the block raises. Raises OSError.
    """
    beside = path.with_name(f".{path.name}-{os.getpid()}")  # another process may write it too
    try:
        beside.unlink(missing_ok=True)
        yield beside
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_private(path: Path, text: str) -> None:
    """Write a file for this user alone, never half. Raises OSError."""
    with replacing(path) as beside:
        descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
