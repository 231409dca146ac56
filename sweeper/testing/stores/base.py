"""What the parts of the stores' contract stand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sweeper.records import SweepRecord, Trial
from sweeper.store.base import Backend, Store, StoreLocation, StoreReader
from sweeper.testing.stores import made

HOST, PID, NOW = "node0", 77, 1000.0


class Contract:
    """A subclass says which backend is meant, and for which kind of disk."""

    backend: Backend
    published: bool | None = None

    def create(self, place: StoreLocation, sweep: SweepRecord, trials: Iterable[Trial]) -> Store:
        """A new store."""
        return self.backend.create(place, sweep, trials, published=self.published)

    def open(self, place: StoreLocation) -> Store:
        """A store, to go on with."""
        return self.backend.open(place, published=self.published)

    def read(self, place: StoreLocation) -> StoreReader:
        """A store, to read."""
        return self.backend.read(place, published=self.published)

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """The place of the store that a test is given."""
        return tmp_path

    @pytest.fixture
    def store(self, path: Path) -> Iterator[Store]:
        """A store with four trials that wait."""
        store = self.create(path, made.sweep(), made.trials())
        yield store
        store.close()

    @pytest.fixture
    def generation(self, store: Store) -> int:
        """Of a driver that has claimed it."""
        return store.claim(HOST, PID, NOW)
