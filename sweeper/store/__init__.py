"""What is recorded of a run. `base` says what a store promises; here one is made or opened.

A place is a path, of a run's folder or of a file in it: there the store is SQLite's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweeper.records import SweepRecord, Trial
    from sweeper.store.base import Backend, Store, StoreReader


def create(
    place: Path, sweep: SweepRecord, trials: Iterable[Trial], *, network: bool | None = None
) -> Store:
    """A new store that holds `sweep` and all its `trials`. See `base.Backend.create`."""
    return _backend().create(place, sweep, trials, network=network)


def open(  # noqa: A001 - read as `store.open`
    place: Path, *, network: bool | None = None
) -> Store:
    """The store of a run, for a driver that goes on with it. See `base.Backend.open`."""
    return _backend().open(place, network=network)


def read(place: Path, *, network: bool | None = None) -> StoreReader:
    """The store of a run, read-only. See `base.Backend.read`."""
    return _backend().read(place, network=network)


def _backend() -> Backend:
    from sweeper.store.sql import SqlStore  # SQLAlchemy takes its time

    return SqlStore
