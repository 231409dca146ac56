"""SQLite files: how to open them by role, publish a copy, and tell what went wrong."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy as sa

from sweeper.host.folders import replacing
from sweeper.records.errors import DamageError, StoreBusyError, StoreError, damage
from sweeper.store.sql.check import OddRecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK_WAIT_S = 10.0
# Of a text or of bytes that a reader takes: a damaged length asks for gigabytes.
_LONGEST_VALUE = 256 << 20
# What a file makes that is cut or edited; with no code, what Python's module can't decode.
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_NOMEM,
}


class FullDiskError(StoreError):
    """No space is left for what was to be written."""


def open_alone(path: Path) -> sqlite3.Connection:
    """The writer's connection on a network file system: no other process can open the file.

    WAL needs memory that processes share, which a network file system does not have.
    """
    raw = _connect(path, "rw", wait_s=1.0)
    return _or_close(
        raw,
        "PRAGMA locking_mode=EXCLUSIVE",
        "PRAGMA journal_mode=DELETE",
        "BEGIN EXCLUSIVE",  # the lock outlives the transaction in this locking mode
        "COMMIT",
    )


def open_shared(path: Path) -> sqlite3.Connection:
    """The writer's connection on a local disk: WAL, so readers and the writer never wait.

    synchronous=NORMAL: a crash of the process loses nothing, one of the machine may lose the
    last transactions, and neither harms the file.
    """
    raw = _connect(path, "rw", wait_s=_LOCK_WAIT_S)
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            # The change to WAL does not wait for readers by itself.
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raw.close()
                raise
            time.sleep(0.05)
        else:
            return raw


def open_to_read(path: Path, *, frozen: bool = False) -> sqlite3.Connection:
    """A reader's connection. frozen: nobody writes to the file, so no lock is taken."""
    raw = _connect(path, "ro&immutable=1" if frozen else "ro", wait_s=1.0)
    raw.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    return raw


def create_file(path: Path) -> None:
    """Make an empty file at `path`, for this user alone; FileExistsError if there is one."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def close_shared(raw: sqlite3.Connection) -> None:
    """Close the writer's connection, leaving one plain file where no reader is in the way."""
    with contextlib.suppress(sqlite3.Error):
        raw.execute("PRAGMA busy_timeout=100")
        raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()


def _connect(path: Path, mode: str, *, wait_s: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=wait_s,
        isolation_level=None,  # transactions begin where we say so
        check_same_thread=False,  # the store serializes its callers
    )


def _or_close(raw: sqlite3.Connection, *statements: str) -> sqlite3.Connection:
    try:
        for statement in statements:
            raw.execute(statement)
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def engine_on(raw: sqlite3.Connection, begin: str) -> sa.Engine:
    """SQLAlchemy on one open connection. begin: the statement that starts a transaction."""
    engine = sa.create_engine("sqlite://", creator=lambda: raw, poolclass=sa.pool.StaticPool)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def copy(raw: sqlite3.Connection, target: Path) -> None:
    """Put a consistent copy at `target`; a reader sees the old file or the new, never half."""
    with replacing(target) as beside:
        with contextlib.closing(sqlite3.connect(beside)) as copied:
            raw.backup(copied)
        beside.chmod(0o600)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the faults of SQLite, of the disk under `path` and of its records into StoreError."""
    try:
        yield
    except OddRecordError as error:
        raise damaged(path, str(error)) from error
    except UnicodeDecodeError as error:  # what SQLite says quotes what is in the file
        raise damaged(path, "it has text that is no UTF-8") from error
    except sa.exc.DBAPIError as error:
        raise explain(path, error.orig or error) from error
    except (sqlite3.Error, OSError) as error:
        raise explain(path, error) from error


def explain(path: Path, error: BaseException) -> StoreError:
    """The paragraph for what SQLite or the operating system said about `path`."""
    code, number = _code(error), getattr(error, "errno", None)
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, errno.EDQUOT):
        return FullDiskError(
            f"{path}: the disk is full, so nothing more can be recorded. What was recorded until"
            f" now is whole. Free some space, then run: sweep resume {path.parent}"
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(
            f"{path}: another process holds the store, most likely this run's driver. Wait until"
            " it has ended, or end it with `sweep stop`."
        )
    is_undecoded = code is None and isinstance(error, sqlite3.OperationalError)
    if code in _DAMAGED or is_undecoded:
        return damaged(path, f"not a store that can be read ({error})")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or number:
        return StoreError(
            f"{path}: can't be opened or written ({error}). Expected a folder that exists and"
            " that you may write in."
        )
    return StoreError(f"{path}: the store failed ({error}). Nothing of the last write was kept.")


def damaged(path: Path, found: str) -> DamageError:
    """The paragraph for a store that holds what no driver wrote."""
    return damage(
        path,
        found,
        left="The spec as it was launched, the logs and the trials' files beside it are files of"
        " their own and can be read.",
        todo=f"Put back a copy of {path.name} that is whole, or launch the spec again.",
    )


def lacks_tables(error: sa.exc.DBAPIError) -> bool:
    """Whether a statement failed because its table or column does not exist."""
    return _code(error.orig) == sqlite3.SQLITE_ERROR


def _code(error: BaseException | None) -> int | None:
    """SQLite's primary result code; the higher bits of an extended one only refine it."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
