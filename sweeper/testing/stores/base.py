"""What the parts of the stores' contract stand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sweeper.records import SweepRecord, Trial
from sweeper.store.base import Backend, Place, Store, StoreReader
from sweeper.testing.stores import made

HOST, PID, NOW = "node0", 77, 1000.0


class Contract:
    """A subclass says which backend is meant, and for which kind of disk."""

    backend: Backend
    network: bool | None = None

    def create(self, place: Place, sweep: SweepRecord, trials: Iterable[Trial]) -> Store:
        """A new store."""
        return self.backend.create(place, sweep, trials, network=self.network)

    def open(self, place: Place) -> Store:
        """A store, to go on with."""
        return self.backend.open(place, network=self.network)

    def read(self, place: Place) -> StoreReader:
        """A store, to read."""
        return self.backend.read(place, network=self.network)

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
