"""A cluster file's `data`: what becomes PYLEARN2_DATA_PATH on a node.

`python -m sweeper.launchers.data URL [FOLDER]` fetches a URL to this node's disk, once, and prints
the folder. It may run any number of times, and in several processes at once.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from sweeper.host import folders, locks, urls
from sweeper.host.variables import DATA_PATH
from sweeper.records.errors import InputError, SweepError

_USAGE = "usage: python -m sweeper.launchers.data URL [FOLDER]"
# Written into a folder that is whole: which URL it holds.
_NOTE = ".sweep-data-url"


def is_url(data: str) -> bool:
    """Whether a cluster file's `data` is fetched, and not a path that is there."""
    return "://" in data


def shell_lines(data: str, python: str = "python") -> list[str]:
    """Lines for a node's start script that set the variable; none where `data` is "".

    data: as in the cluster file.    python: the node's interpreter, which has sweeper.
    The script has to stop where one of them fails.
    """
    if not data:
        return []
    if not is_url(data):
        return [f"export {DATA_PATH}={shlex.quote(data)}"]
    fetch = f"{shlex.quote(python)} -m sweeper.launchers.data {shlex.quote(data)}"
    # `export A=$(false)` succeeds: the two are apart so that a fetch that failed is seen.
    return [f'{DATA_PATH}="$({fetch})" || exit', f"export {DATA_PATH}"]


def node_folder(url: str) -> Path:
    """Where a URL's files go on this node when nobody says otherwise: one folder a URL and user."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"swp-data-{os.getuid()}" / digest


def fetch(url: str, folder: Path | None = None) -> Path:
    """Bring what is at `url`, a file or a folder of files, into `folder`, and return that.

    Nothing is done where an earlier call did it. A reader never finds half of it.
    Raises InputError.
    """
    folder = node_folder(url) if folder is None else folder.absolute()
    _make_parent(folder.parent)
    with locks.locked(folder.with_name(f"{folder.name}.lock")):
        if not _is_there(url, folder):
            part = folder.with_name(f"{folder.name}.part")
            try:
                shutil.rmtree(part, ignore_errors=True)  # of a call that was killed
                part.mkdir()
                _copy(url, part)
                (part / _NOTE).write_text(url, encoding="utf-8")
                part.rename(folder)
            except OSError as error:
                raise _failed(url, str(error.strerror or error)) from error
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _make_parent(parent: Path) -> None:
    try:
        if parent.name == f"swp-data-{os.getuid()}":  # ours, in a folder that is everybody's
            folders.make_own(parent)
        else:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except folders.NotOwnError as error:
        raise InputError(
            f"{parent}: this folder is somebody else's. Set TMPDIR to one of yours."
        ) from error
    except OSError as error:
        raise InputError(f"{parent}: no folder for data can be made: {error.strerror}.") from error


def _is_there(url: str, folder: Path) -> bool:
    if not folder.exists():
        return False
    try:
        held = (folder / _NOTE).read_text(encoding="utf-8")
    except OSError:
        held = "other files"
    if held != url:
        raise InputError(f"{folder}: it holds {held} already. Name another folder, or remove it.")
    return True


def _copy(url: str, folder: Path) -> None:
    try:
        is_there = urls.fetch(url, folder)
    except ImportError as error:
        # fsspec says itself which package to install.
        raise _failed(url, str(error)) from error
    except Exception as error:  # each file system has errors of its own
        raise _failed(url, f"{type(error).__name__}: {error}") from error
    if not is_there:
        raise _failed(url, "nothing is there")


def _failed(url: str, reason: str) -> InputError:
    return InputError(
        f"data: {url} can't be fetched to this node: {' '.join(reason.split())}. Look whether the"
        " address is right, the node has the rights to read it, and its disk has room."
    )


def main(arguments: list[str]) -> int:
    """Fetch, print the folder, return the exit code."""
    if len(arguments) not in {1, 2} or not is_url(arguments[0]):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        print(fetch(arguments[0], Path(arguments[1]) if len(arguments) == 2 else None))
    except SweepError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
