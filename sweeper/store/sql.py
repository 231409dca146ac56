"""The store as SQL tables in one SQLite file, `RUN/sweep.db`.

On a local disk readers open the file while the driver writes it. On a network file system the
driver holds the file alone and publishes `RUN/snapshot.db`, which is what readers open.
"""

from __future__ import annotations

import contextlib
import math
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from sweeper.host.disks import on_network
from sweeper.records.errors import FencedError, StoreBusyError, StoreError
from sweeper.store import queries, schema, sqlite, writes
from sweeper.store.fence import sift
from sweeper.store.files import SNAPSHOT_FILE, STORE_FILE, is_published
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from sweeper.records import (
        AttemptRecord,
        Change,
        Row,
        SweepRecord,
        Trial,
        TrialRecord,
        TrialState,
    )

PUBLISH_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class _File:
    """An open SQLite file. path: what messages name.    alone: no other process can open it."""

    path: Path
    raw: sqlite3.Connection
    engine: sa.Engine
    alone: bool
    writable: bool


class SqlStore:
    """`base.Store` on SQLite. Made by `create`, `open` (a driver) or `read` (a reader)."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._lock = RLock()  # a heartbeat may come from another thread
        self._moment: sa.Connection | None = None
        self._shapes: dict[tuple[str, ...], int] = {}
        self._published = -math.inf
        self._closed = False

    # -------------------------------------------------------------- making one
    @classmethod
    def create(
        cls,
        path: Path,
        sweep: SweepRecord,
        trials: Iterable[Trial],
        *,
        network: bool | None = None,
    ) -> Self:
        """A new store that holds `sweep` and all its `trials`, written in one transaction.

        path: the run's folder, or the file to make in it.
        network: whether the disk is a network's; None looks.
        Raises StoreError if there is one already or the folder can't be written.
        """
        path = _store_file(path)
        with sqlite.explained(path):
            try:
                sqlite.create_file(path)
            except FileExistsError:
                raise _exists(path) from None
        try:
            store = cls(_open_to_write(path, network))
            try:
                with store._transaction() as connection:
                    writes.fill(connection, sweep, trials)
            except BaseException:
                store._release()
                raise
        except BaseException as error:
            # Nothing was recorded: leave no file that a later launch would stumble over.
            path.unlink(missing_ok=True)
            if isinstance(error, sqlite.FullDiskError):
                raise _no_room(path) from error
            raise
        return store

    @classmethod
    def open(cls, path: Path, *, network: bool | None = None) -> Self:
        """The store of a run, for a driver that goes on with it.

        Raises StoreBusyError if another process holds the file alone, StoreError if there is no
        store or a later version of this program made it.
        """
        path = _store_file(path)
        if not path.is_file():
            raise _missing(path)
        try:
            file = _open_to_write(path, network)
        except StoreBusyError as error:
            raise _holder(path) or error from error
        return cls(file)._checked()

    @classmethod
    def read(cls, path: Path, *, network: bool | None = None) -> Self:
        """The store of a run, read-only; works while a driver writes it.

        Falls back to the snapshot where the store itself is missing or held by its driver.
        """
        path = _store_file(path)
        choices = [path, path.with_name(SNAPSHOT_FILE)]
        # A network's locks do not surely keep a reader from half a write; and to ask a store that
        # its driver holds alone costs a second, where the copy is as good.
        if (is_published(path) or on_network(path)) if network is None else network:
            choices.reverse()
        fault: StoreError | None = None
        for choice in filter(lambda found: found.is_file(), choices):
            try:
                return cls(_open_to_read(choice))._checked()
            except StoreError as error:
                fault = fault or error
        raise fault or _missing(path)

    def _checked(self) -> Self:
        try:
            self._check_version()
        except BaseException:
            self._release()
            raise
        return self

    def _check_version(self) -> None:
        path = self._file.path
        with self._reading() as connection:
            try:
                version = queries.version(connection)
            except sa.exc.OperationalError as error:
                if not sqlite.lacks_tables(error):
                    raise
                version = None
        if version is None:
            raise StoreError(
                f"{path}: holds no sweep: its launch ended before the trials were written."
                " Remove the folder and launch again."
            )
        if version != schema.VERSION:
            raise _other_format(path, version)

    # -------------------------------------------------------------- connections
    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """One write transaction: all of it is kept, or nothing."""
        if not self._file.writable:
            raise StoreError(f"{self._file.path}: was opened to be read, not written.")
        with self._lock, sqlite.explained(self._file.path):
            try:
                with self._file.engine.begin() as connection:
                    yield connection
            except BaseException:
                self._shapes.clear()  # ids that were rolled back
                raise

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A driver reads the present; a reader stays at the moment of its first question."""
        with self._lock, sqlite.explained(self._file.path):
            if self._file.writable:
                with self._file.engine.begin() as connection:
                    yield connection
                return
            if self._moment is None:
                self._moment = self._file.engine.connect()
            yield self._moment

    def close(self) -> None:
        """Publish what readers elsewhere have not seen, and let go of the file."""
        with self._lock:
            if self._closed:
                return
            try:
                if self._file.alone:
                    self._publish()
            finally:
                self._release()

    def _release(self) -> None:
        self._closed = True
        if self._moment is not None:
            self._moment.close()
        if self._file.writable and not self._file.alone:
            sqlite.close_shared(self._file.raw)
        self._file.raw.close()

    # -------------------------------------------------------------- what a driver does
    def claim(self, host: str, pid: int, now: float) -> int:
        """See `base.Store.claim`. The same process may claim again."""
        with self._transaction() as connection:
            sweep = queries.sweep(connection, {})
            if (sweep.host, sweep.pid) != (host, pid) and driver_lives(sweep, host=host, now=now):
                raise _busy(self._file.path, sweep, now)
            claimed = {"generation": sweep.generation + 1, "host": host, "pid": pid}
            connection.execute(
                schema.sweep.update().values(**claimed, heartbeat=now, state="running", reason="")
            )
            return sweep.generation + 1

    def heartbeat(self, generation: int, now: float) -> None:
        """See `base.Store.heartbeat`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            connection.execute(schema.sweep.update().values(heartbeat=now))

    def finish(self, generation: int, state: str, reason: str, now: float) -> None:
        """See `base.Store.finish`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            connection.execute(
                schema.sweep.update().values(state=state, reason=reason, heartbeat=now)
            )

    def write(self, generation: int, changes: Sequence[Change]) -> int:
        """See `base.Store.write`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            standings = writes.standings(connection, {change.trial for change in changes})
            batch = sift(changes, standings)
            writes.write_attempts(connection, batch)
            for names in {row.channels for row in batch.rows} - self._shapes.keys():
                self._shapes[names] = writes.shape_id(connection, names)
            writes.write_rows(connection, batch.rows, standings, self._shapes)
            return batch.dropped

    def reopen(self, generation: int, trials: Collection[str]) -> list[str]:
        """Let those of `trials` that failed or were cancelled wait for an attempt again."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            return writes.reopen(connection, trials)

    def publish(self, now: float) -> bool:
        """See `base.Store.publish`: at most every 10 s, and only where readers need a copy."""
        with self._lock:
            if not self._file.alone or now - self._published < PUBLISH_EVERY_S:
                return False
            self._publish()
            self._published = now
            return True

    def _publish(self) -> None:
        with sqlite.explained(self._file.path):
            sqlite.copy(self._file.raw, self._file.path.with_name(SNAPSHOT_FILE))

    def _check_generation(self, connection: sa.Connection, generation: int) -> None:
        current = queries.generation(connection)
        if current != generation:
            raise FencedError(
                f"{self._file.path}: another driver took this run over (its generation is"
                f" {current}, this driver's {generation}), so this one writes no more."
                " `sweep status` says where it runs."
            )

    # -------------------------------------------------------------- what a reader asks
    def sweep(self) -> SweepRecord:
        """See `base.StoreReader.sweep`."""
        with self._reading() as connection:
            return queries.sweep(connection, queries.texts(connection))

    def trials(self) -> list[TrialRecord]:
        """See `base.StoreReader.trials`."""
        with self._reading() as connection:
            return queries.trials(connection)

    def unfinished(self) -> list[Trial]:
        """See `base.StoreReader.unfinished`."""
        with self._reading() as connection:
            return queries.unfinished(connection)

    def counts(self) -> dict[TrialState, int]:
        """See `base.StoreReader.counts`."""
        with self._reading() as connection:
            return queries.counts(connection)

    def attempts(self, trial: str | None = None) -> list[AttemptRecord]:
        """See `base.StoreReader.attempts`."""
        with self._reading() as connection:
            return queries.attempts(connection, trial)

    def rows(self, trial: str | None = None) -> Iterator[Row]:
        """See `base.StoreReader.rows`."""
        with self._reading() as connection:
            found = queries.rows(connection, trial)
            # A driver must not stay inside a transaction between two rows: it has to write.
            yield from list(found) if self._file.writable else found


# ------------------------------------------------------------------ files
def _store_file(path: Path) -> Path:
    return path / STORE_FILE if path.is_dir() else path


def _open_to_write(path: Path, network: bool | None) -> _File:
    alone = on_network(path) if network is None else network
    with sqlite.explained(path):
        raw = sqlite.open_alone(path) if alone else sqlite.open_shared(path)
    return _File(path, raw, sqlite.engine_on(raw, "BEGIN IMMEDIATE"), alone, writable=True)


def _open_to_read(path: Path) -> _File:
    with sqlite.explained(path):
        # A snapshot is only ever replaced, so it needs no lock.
        raw = sqlite.open_to_read(path, frozen=path.name == SNAPSHOT_FILE)
    return _File(path, raw, sqlite.engine_on(raw, "BEGIN"), alone=False, writable=False)


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
    return StoreError(
        f"{path}: there is no store. Expected the folder of a run that `sweep launch` made, with"
        f" a {STORE_FILE} in it."
    )


def _exists(path: Path) -> StoreError:
    return StoreError(
        f"{path}: there is a store already. Go on with that run (sweep resume {path.parent}), or"
        " launch into another folder."
    )


def _no_room(path: Path) -> StoreError:
    return StoreError(
        f"{path}: the disk is full, so the run's trials could not be written and nothing was"
        " started. Free some space, then launch again."
    )


def _holder(path: Path) -> StoreBusyError | None:
    """Name the driver that holds the file alone, by what it published."""
    try:
        with contextlib.closing(SqlStore.read(path, network=True)) as store:
            sweep = store.sweep()
    except StoreError:
        return None
    return _busy(path, sweep, sweep.heartbeat)


def _busy(path: Path, sweep: SweepRecord, now: float) -> StoreBusyError:
    silent = max(0, round(now - sweep.heartbeat))
    return StoreBusyError(
        f"{path}: a driver is alive on this run: process {sweep.pid} on host {sweep.host}, heard"
        f" {silent} s ago. Wait until it has ended, or end it: sweep stop {path.parent}"
    )
