"""Data sets as their authors publish them: where their files are, and what loaders share."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from pylearn2core import paths
from pylearn2core.engine import shared
from pylearn2core.errors import ConfigError
from pylearn2core.utils.exc import NoDataPathError

if TYPE_CHECKING:
    from pylearn2core.types import Array

VARIABLE = "PYLEARN2_DATA_PATH"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One state of a file: what was read from it is good while this stays the same."""

    path: Path
    changed_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A data set's files.

    folder: where they go, below PYLEARN2_DATA_PATH.    url: where they come from.
    what: what to download and unpack, a clause that follows "download".
    """

    name: str
    folder: str
    url: str
    what: str

    def find(self, *names: str, below: str | None = None) -> Stamp:
        """The first of `names` that is there, also with `.gz`.

        below: a folder to look into in place of the data set's own.
        Raises ConfigError that says what to download and where it goes, NoDataPathError where
        that folder is not known.
        """
        folder = paths.to_read(below) if below is not None else self._folder()
        for name in names:
            for path in (folder / name, folder / f"{name}.gz"):
                if path.is_file():
                    stat = path.stat()
                    return Stamp(path, stat.st_mtime_ns, stat.st_size)
        raise ConfigError(
            f"{self.name}: there is no file {' or '.join(names)} in {folder.absolute()}. "
            f"Download {self.what} from {self.url} into that folder."
        )

    def _folder(self) -> Path:
        root = paths.environ(VARIABLE)
        if not root:
            raise NoDataPathError(
                f"{self.name}: {VARIABLE} is not set. Download {self.what} from {self.url} into "
                f"FOLDER/{self.folder}, a folder of your choice, and set {VARIABLE}=FOLDER."
            )
        return paths.to_read(root) / self.folder


def opened(stamp: Stamp) -> IO[bytes]:
    """The file, open for reading, unzipped where its name ends in `.gz`."""
    if stamp.path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(stamp.path))
    return stamp.path.open("rb")


def check_set(name: str, which_set: str, known: tuple[str, ...]) -> None:
    """Raise ValueError unless `which_set` is one of `known`."""
    if which_set not in known:
        raise ValueError(f"{name}: which_set must be one of {', '.join(known)}, got {which_set!r}")


def rows_between(count: int, start: int | None, stop: int | None) -> slice:
    """Rows start..stop-1 of `count`; None is an end. Raises ValueError where they are not there."""
    first, last = 0 if start is None else start, count if stop is None else stop
    if not 0 <= first < last <= count:
        raise ValueError(f"can't keep examples {first}..{last - 1} of {count}")
    return slice(first, last)


def one_hot(labels: Array, count: int) -> Any:
    """Labels, shape (n,) or (n, 1), as float32 rows with a single 1, shape (n, count)."""
    return np.eye(count, dtype=np.float32)[np.ravel(labels)]


def targets(labels: Array, count: int, as_one_hot: bool) -> dict[str, Any]:
    """DenseDesignMatrix's arguments for integer labels 0..count-1, shape (n, 1)."""
    if as_one_hot:
        return {"y": one_hot(labels, count)}
    return {"y": labels, "y_labels": count}


def frozen(*arrays: Any) -> Any:
    """The arrays, made read-only: every dataset of a process may share them.

    And every process of a host, where it has a folder for that.
    """
    kept = tuple(map(shared, arrays))
    for array in kept:
        array.flags.writeable = False
    return kept
