"""The files that a store is, in the folder of its run. Needs the standard library alone."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

STORE_FILE = "sweep.db"
SNAPSHOT_FILE = "snapshot.db"
_HEADER = b"SQLite format 3\0"
# A driver that lives and holds its store alone publishes a copy more often than this.
_PUBLISHED_S = 30.0


def is_published(store: Path) -> bool:
    """Whether the copy has all there is, or its driver lives: not that of a driver long before."""
    copied = _modified(store.with_name(SNAPSHOT_FILE))
    written = max(_modified(store), _modified(wal_of(store)))
    return copied > 0 and (copied >= written or copied > time.time() - _PUBLISHED_S)


def wal_of(store: Path) -> Path:
    """Where SQLite keeps what was written last."""
    return store.with_name(f"{store.name}-wal")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def newest_snapshot(folder: Path) -> bytes:
    """The snapshot that the driver published, or a copy of the store that it writes meanwhile.

    Raises OSError, sqlite3.Error.
    """
    if (folder / SNAPSHOT_FILE).exists():
        return (folder / SNAPSHOT_FILE).read_bytes()
    store = folder / STORE_FILE
    with (
        closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=20)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        return copy.serialize()


def is_snapshot(content: bytes) -> bool:
    """Whether these bytes are, by how they begin, a store's."""
    return content.startswith(_HEADER)
