"""What of the spec's folder goes to machines that do not share this one's disk."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sweeper.records.errors import InputError

LIMIT_BYTES = 100 * 2**20
# More than these are no experiment's files: the spec lies in a home folder, say.
MOST_FILES = 20_000
_LEFT_OUT = {"runs", "__pycache__", "node_modules"}
# A word of the spec's text that may be a path: no blanks, quotes, braces, expressions.
_WORD = re.compile(r"[^\s'\"`{}\[\](),;|<>=#!]+")


def files_to_ship(spec_path: Path, *, limit_bytes: int = LIMIT_BYTES) -> list[Path]:
    """Absolute paths of the files under the spec's folder that are shipped, in order.

    Left out: what git ignores, where the folder is in a git repository; `runs/`; hidden folders,
    caches and virtual environments elsewhere. A file that the spec's text names is always shipped.
    Raises InputError that names the largest files where all of them exceed limit_bytes, and for a
    file that the spec names outside its folder.
    """
    spec_path = spec_path.absolute()
    folder = spec_path.parent
    named = _named(spec_path, folder)
    found = sorted({spec_path, *named, *_listed(spec_path, folder)})
    sizes = {path: path.stat().st_size for path in found}
    if sum(sizes.values()) > limit_bytes:
        raise _too_large(folder, sizes, named, limit_bytes)
    return found


def _listed(spec_path: Path, folder: Path) -> list[Path]:
    of_git = _not_ignored(folder)
    # A spec that git itself ignores: its rules say nothing about this folder.
    if of_git is None or spec_path not in of_git:
        return list(_walk(folder))
    return of_git


def _not_ignored(folder: Path) -> list[Path] | None:
    """The files that git knows or would add, None where there is no repository or no git."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    kept = [name for name in dict.fromkeys(names) if not _LEFT_OUT & set(Path(name).parts[:-1])]
    _check_number(len(kept), folder)
    # A file that was removed is still listed, and a link may lead nowhere.
    return [folder / name for name in kept if (folder / name).is_file()]


def _walk(folder: Path) -> Iterator[Path]:
    number = 0
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_shipped(Path(here, name))]
        number += len(names)
        _check_number(number, folder)
        yield from (path for name in names if (path := Path(here, name)).is_file())


def _is_shipped(folder: Path) -> bool:
    name = folder.name
    is_environment = (folder / "pyvenv.cfg").exists()
    return not (name.startswith(".") or name in _LEFT_OUT or is_environment)


def _check_number(number: int, folder: Path) -> None:
    if number > MOST_FILES:
        raise InputError(
            f"{folder}: more than {MOST_FILES:,} files lie beside the spec, and all of them would"
            " be sent to the cluster. Give the spec and its modules a folder of their own."
        )


def _named(spec_path: Path, folder: Path) -> set[Path]:
    """Files that are there and that the spec's text names by a relative path."""
    found = set()
    for word in set(_WORD.findall(spec_path.read_text(encoding="utf-8-sig"))):
        word = word.removeprefix("pkl:")  # noqa: PLW2901
        if word.startswith("/") or not _is_file(folder / word):
            continue
        path = Path(os.path.normpath(folder / word))
        if not path.is_relative_to(folder):
            raise InputError(
                f"{spec_path}: it reads {word}, which lies outside of the spec's folder and so is"
                " not sent to the cluster. Put it beside the spec, or name by `data` in the cluster"
                " file where the nodes find it."
            )
        found.add(path)
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # longer than a name can be
        return False


def _too_large(
    folder: Path, sizes: dict[Path, int], named: set[Path], limit_bytes: int
) -> InputError:
    largest = sorted(sizes, key=lambda path: -sizes[path])[:5]
    listing = ", ".join(
        f"{path.relative_to(folder)} ({size(sizes[path])}{', the spec reads it' * (path in named)})"
        for path in largest
    )
    return InputError(
        f"{folder}: the spec's folder is sent to the cluster, at most {size(limit_bytes)} of it,"
        f" and it holds {size(sum(sizes.values()))}. The largest files: {listing}. Leave out what"
        " the trials do not read (.gitignore), and put data where the nodes find it: `data` in the"
        " cluster file, PYLEARN2_DATA_PATH in the spec."
    )


def size(number: float) -> str:
    """Write a number of bytes as `12.3 MiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.3g} {unit}" if unit != "bytes" else f"{number:.0f} bytes"
        number /= 1024
    return f"{number:.1f} GiB"
