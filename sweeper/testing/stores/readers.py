"""Opening, closing, and reading beside the driver."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from sweeper.records import TrialState
from sweeper.records.errors import StoreError
from sweeper.store.base import Store
from sweeper.testing.stores import made
from sweeper.testing.stores.base import HOST, NOW, PID, Contract


class Readers(Contract):
    """A store is found again, and read while it is written."""

    def test_a_run_goes_on_where_it_was_closed(
        self, path: Path, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.row("t0", 0)])
        store.close()
        again = self.open(path)
        newer = again.claim(HOST, PID, NOW + 1)
        again.write(newer, [made.row("t0", 1)])
        assert [row.epoch for row in again.rows()] == [0, 1]
        again.close()

    def test_closing_twice_is_closing_once(self, store: Store) -> None:
        store.close()
        store.close()

    def test_a_reader_reads_after_the_driver_has_closed(
        self, path: Path, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.row("t0", 0)])
        store.close()
        reader = self.read(path)
        assert list(reader.rows()) == [made.row("t0", 0)]
        with pytest.raises(StoreError, match="opened to be read"):
            cast(Store, reader).write(generation, [])
        reader.close()

    def test_a_reader_stays_at_one_moment(self, path: Path, store: Store, generation: int) -> None:
        store.publish(NOW)
        reader = self.read(path)
        assert reader.counts()[TrialState.PENDING] == 4
        store.write(generation, [made.changed("t0", "finished")])
        store.publish(NOW + 10)
        assert reader.counts()[TrialState.PENDING] == 4
        reader.close()
        newer = self.read(path)
        assert newer.counts()[TrialState.FINISHED] == 1
        newer.close()

    def test_a_second_store_in_one_folder_is_refused(self, path: Path, store: Store) -> None:
        with pytest.raises(StoreError, match="there is a store already"):
            self.create(path, made.sweep(), [])
        assert len(store.trials()) == 4

    def test_a_launch_that_fails_leaves_no_store(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        twins = [made.trials(1)[0]] * 2
        with pytest.raises(StoreError, match="the store failed"):
            self.create(tmp_path / "other", made.sweep(), twins)
        assert list((tmp_path / "other").iterdir()) == []

    def test_a_missing_store_is_named(self, tmp_path: Path) -> None:
        for use in (self.open, self.read):
            with pytest.raises(StoreError, match=r"gone: there is no store"):
                use(tmp_path / "gone")
