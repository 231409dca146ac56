"""The store in memory, and how one is chosen."""

from __future__ import annotations

import pytest

from sweeper import store as stores
from sweeper.records.errors import StoreError
from sweeper.store.memory import MemoryBackend
from sweeper.testing.stores import StoreContract


class TestMemory(StoreContract):
    backend = MemoryBackend()


def test_the_scheme_of_a_place_chooses_what_keeps_the_store(tmp_path, make):
    with pytest.raises(StoreError, match="memory:chosen: there is no store"):
        stores.open("memory:chosen")
    stores.create("memory:chosen", make.sweep(), make.trials()).close()
    assert [trial.id for trial in stores.read("memory:chosen").trials()] == ["t0", "t1", "t2", "t3"]
    stores.create(tmp_path, make.sweep(), make.trials(), published=False).close()
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.db"]
