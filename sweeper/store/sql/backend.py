"""Stores in SQLite files, `RUN/sweep.db`: one is made, driven or read. See `base.Backend`.

On a local disk readers open the file while the driver writes it. On a network file system the
driver holds the file alone and publishes `RUN/snapshot.db`, which is what readers open.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from sweeper.host.disks import on_network
from sweeper.records.errors import StoreBusyError, StoreError
from sweeper.store import faults
from sweeper.store.sql import queries, schema, sqlite, version2
from sweeper.store.sql.file import SqlFile, open_to_read, open_to_write
from sweeper.store.sql.files import SNAPSHOT_FILE, STORE_FILE, is_published
from sweeper.store.sql.store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.records import SweepRecord, Trial
    from sweeper.store.base import Place


def create(
    place: Place, sweep: SweepRecord, trials: Iterable[Trial], *, published: bool | None = None
) -> SqlStore:
    """A new store that holds `sweep` and all its `trials`, written in one transaction.

    place: the run's folder, or the file to make in it.
    published: see `base.Backend`.
    Raises StoreError if there is one already or the folder can't be written.
    """
    path = _store_file(place)
    with sqlite.explained(path):
        try:
            sqlite.create_file(path)
        except FileExistsError:
            raise faults.exists(path) from None
    try:
        return _filled(open_to_write(path, published), sweep, trials)
    except BaseException as error:
        # Nothing was recorded: leave no file that a later launch would stumble over.
        path.unlink(missing_ok=True)
        if isinstance(error, sqlite.FullDiskError):
            raise _no_room(path) from error
        raise


def open(  # noqa: A001 - see `base.Backend`
    place: Place, *, published: bool | None = None
) -> SqlStore:
    """The store of a run, for a driver that goes on with it.

    Raises StoreBusyError if another process holds the file alone, StoreError if there is no
    store or a later version of this program made it.
    """
    path = _store_file(place)
    if not path.is_file():
        raise _missing(path)
    try:
        file = open_to_write(path, published)
    except StoreBusyError as error:
        raise _holder(path) or error from error
    return _checked(file)


def read(place: Place, *, published: bool | None = None) -> SqlStore:
    """The store of a run, read-only; works while a driver writes it.

    Falls back to the snapshot where the store itself is missing or held by its driver.
    """
    path = _store_file(place)
    choices = [path, path.with_name(SNAPSHOT_FILE)]
    # A network's locks do not surely keep a reader from half a write; and to ask a store that its
    # driver holds alone costs a second, where the copy is as good.
    if (is_published(path) or on_network(path)) if published is None else published:
        choices.reverse()
    fault: StoreError | None = None
    for choice in filter(lambda found: found.is_file(), choices):
        try:
            return _checked(open_to_read(choice))
        except StoreError as error:
            fault = fault or error
    raise fault or _missing(path)


def _store_file(place: Place) -> Path:
    path = Path(place)
    return path / STORE_FILE if path.is_dir() else path


def _filled(file: SqlFile, sweep: SweepRecord, trials: Iterable[Trial]) -> SqlStore:
    store = SqlStore(file)
    try:
        store.fill(sweep, trials)
    except BaseException:
        file.release()
        raise
    return store


def _checked(file: SqlFile) -> SqlStore:
    try:
        _check_version(file)
    except BaseException:
        file.release()
        raise
    return SqlStore(file)


def _check_version(file: SqlFile) -> None:
    with file.reading() as connection:
        if strange := queries.strange_parts(connection):
            found = ", ".join(strange[:3])
            raise sqlite.damaged(file.path, f"it holds what no run has: {found}")
        try:
            version = queries.version(connection)
        except sa.exc.OperationalError as error:
            if not sqlite.lacks_tables(error):
                raise
            version = None
    if version is None:
        raise StoreError(
            f"{file.path}: holds no sweep: its launch ended before the trials were written."
            " Remove the folder and launch again."
        )
    if version not in (version2.VERSION, schema.VERSION):
        raise _other_format(file.path, version)
    if not file.writable:
        return
    with file.reading() as connection:
        if orphans := queries.orphans(connection):
            found = f"trials without an experiment's text, such as {', '.join(orphans)}"
            raise sqlite.damaged(file.path, found)


# ------------------------------------------------------------------ errors
def _other_format(path: Path, version: int) -> StoreError:
    is_later = version > schema.VERSION
    age = "a later" if is_later else "an earlier"
    what = "that version, or a newer one," if is_later else "that version"
    return StoreError(
        f"{path}: written by {age} version of sweeper (format {version}; this one knows"
        f" {schema.VERSION}). Install {what} to read it."
    )


def _missing(path: Path) -> StoreError:
    return faults.missing(
        path, f"Expected the folder of a run that `sweep launch` made, with a {STORE_FILE} in it."
    )


def _no_room(path: Path) -> StoreError:
    return StoreError(
        f"{path}: the disk is full, so the run's trials could not be written and nothing was"
        " started. Free some space, then launch again."
    )


def _holder(path: Path) -> StoreBusyError | None:
    """Name the driver that holds the file alone, by what it published."""
    try:
        with contextlib.closing(read(path, published=True)) as store:
            sweep = store.sweep()
    except StoreError:
        return None
    return faults.busy(path, sweep, sweep.heartbeat)
