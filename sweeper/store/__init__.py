"""What is recorded of a run. `base` says what a store promises; here one is made or opened.

A place is a path, of a run's folder or of a file in it: there the store is SQLite's. Or it is
`memory:NAME`, for a store that ends with this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.records import SweepRecord, Trial
    from sweeper.store.base import Backend, Store, StoreLocation, StoreReader

_MEMORY = "memory:"


def create(
    place: StoreLocation,
    sweep: SweepRecord,
    trials: Iterable[Trial],
    *,
    published: bool | None = None,
) -> Store:
    """A new store that holds `sweep` and all its `trials`. See `base.Backend.create`."""
    return _backend(place).create(place, sweep, trials, published=published)


def open(  # noqa: A001 - read as `store.open`
    place: StoreLocation, *, published: bool | None = None
) -> Store:
    """The store of a run, for a driver that goes on with it. See `base.Backend.open`."""
    return _backend(place).open(place, published=published)


def read(place: StoreLocation, *, published: bool | None = None) -> StoreReader:
    """The store of a run, read-only. See `base.Backend.read`."""
    return _backend(place).read(place, published=published)


def _backend(place: StoreLocation) -> Backend:
    if isinstance(place, str) and place.startswith(_MEMORY):
        from sweeper.store.memory import HERE

        return HERE
    from sweeper.store.sql import backend  # SQLAlchemy takes its time

    return backend
