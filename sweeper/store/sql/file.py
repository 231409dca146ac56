"""An open SQLite file: transactions, a reader's moment, the copy that others read."""

from __future__ import annotations

import math
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

import sqlalchemy as sa

from sweeper.host.disks import on_network
from sweeper.store import faults
from sweeper.store.sql import sqlite
from sweeper.store.sql.files import SNAPSHOT_FILE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

PUBLISH_EVERY_S = 10.0


class SqlFile:
    """One process's connection. Made by `open_to_write` or `open_to_read`.

    path: what messages name.    alone: no other process can open it, so it is published.
    """

    def __init__(
        self, path: Path, raw: sqlite3.Connection, *, begin: str, alone: bool, writable: bool
    ) -> None:
        self.path = path
        self.raw = raw
        self.writable = writable
        self._alone = alone
        self._engine = sqlite.engine_on(raw, begin)
        self._lock = RLock()  # a heartbeat may come from another thread
        self._moment: sa.Connection | None = None
        self._published = -math.inf
        self._is_closed = False

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One write transaction: all of it is kept, or nothing."""
        if not self.writable:
            raise faults.read_only(self.path)
        with (
            self._lock,
            sqlite.explained(self.path),
            self._engine.begin() as connection,
        ):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A driver reads the present; a reader stays at the moment of its first question."""
        with self._lock, sqlite.explained(self.path):
            if self.writable:
                with self._engine.begin() as connection:
                    yield connection
                return
            if self._moment is None:
                self._moment = self._engine.connect()
            yield self._moment

    def publish(self, now: float) -> bool:
        """Copy it for readers elsewhere: at most every 10 s, and only where they need a copy."""
        with self._lock:
            if not self._alone or now - self._published < PUBLISH_EVERY_S:
                return False
            self._copy()
            self._published = now
            return True

    def close(self) -> None:
        """Publish what readers elsewhere have not seen, and let go of the file."""
        with self._lock:
            if self._is_closed:
                return
            try:
                if self._alone:
                    self._copy()
            finally:
                self.release()

    def release(self) -> None:
        """Let go of the file, and publish nothing."""
        self._is_closed = True
        if self._moment is not None:
            self._moment.close()
        if self.writable and not self._alone:
            sqlite.close_shared(self.raw)
        self.raw.close()

    def _copy(self) -> None:
        with sqlite.explained(self.path):
            sqlite.copy(self.raw, self.path.with_name(SNAPSHOT_FILE))


def open_to_write(path: Path, published: bool | None) -> SqlFile:
    """The writer's. published: see `base.Backend`."""
    alone = on_network(path) if published is None else published
    with sqlite.explained(path):
        raw = sqlite.open_alone(path) if alone else sqlite.open_shared(path)
    return SqlFile(path, raw, begin="BEGIN IMMEDIATE", alone=alone, writable=True)


def open_to_read(path: Path) -> SqlFile:
    """A reader's."""
    with sqlite.explained(path):
        # A snapshot is only ever replaced, so it needs no lock.
        raw = sqlite.open_to_read(path, frozen=path.name == SNAPSHOT_FILE)
    return SqlFile(path, raw, begin="BEGIN", alone=False, writable=False)
