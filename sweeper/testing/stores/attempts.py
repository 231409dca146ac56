"""Which changes of an attempt count."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from sweeper.records import AttemptState, Change, TrialState
from sweeper.records.errors import FencedError, StoreError
from sweeper.store.base import Store
from sweeper.testing.stores import made
from sweeper.testing.stores.base import HOST, NOW, PID, Contract


class Attempts(Contract):
    """What comes too late changes nothing."""

    def test_only_trials_that_failed_or_were_cancelled_are_reopened(
        self, store: Store, generation: int
    ) -> None:
        for trial, state in (("t0", "failed"), ("t1", "cancelled"), ("t2", "finished")):
            store.write(generation, [made.changed(trial, state)])
        asked = ["t0", "t1", "t2", "t3", "nosuch"]
        assert sorted(store.reopen(generation, asked)) == ["t0", "t1"]
        states = [trial.state.value for trial in store.trials()]
        assert states == ["pending", "pending", "finished", "pending"]
        with pytest.raises(FencedError):
            store.reopen(generation + 1, asked)

    def test_same_row_written_twice_is_one_row(self, store: Store, generation: int) -> None:
        row = made.row("t0", 1)
        assert store.write(generation, [made.started("t0"), row, row]) == 0
        assert store.write(generation, [row]) == 0
        assert list(store.rows()) == [row]

    def test_a_row_of_an_attempt_that_ended_is_dropped_and_counted(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.row("t0", 0), made.ended("t0")])
        assert store.write(generation, [made.row("t0", 1), made.row("t0", 2)]) == 2
        assert [row.epoch for row in store.rows("t0")] == [0]

    def test_changes_in_one_write_count_in_their_order(self, store: Store, generation: int) -> None:
        late: list[Change] = [
            made.started("t0"),
            made.row("t0", 0),
            made.ended("t0"),
            made.row("t0", 1),
        ]
        assert store.write(generation, late) == 1
        assert [row.epoch for row in store.rows("t0")] == [0]

    def test_a_row_of_an_attempt_that_never_started_is_dropped(
        self, store: Store, generation: int
    ) -> None:
        assert store.write(generation, [made.row("t0", 0)]) == 1
        assert list(store.rows()) == []

    def test_crash_report_from_an_old_attempt_changes_nothing(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.ended("t0", state=AttemptState.LOST)])
        store.write(generation, [made.started("t0", 2), made.row("t0", 0, attempt=2)])
        before = store.attempts()
        late = made.ended("t0", 1, AttemptState.FAILED, message="late")
        assert store.write(generation, [late, made.row("t0", 5, attempt=1)]) == 2
        assert store.attempts() == before

    def test_a_newer_attempt_ends_the_older_one_as_lost(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.started("t0", 2, 1005.0)])
        first, second = store.attempts("t0")
        assert (first.state, first.ended) == (AttemptState.LOST, 1005.0)
        assert second.state is AttemptState.RUNNING
        assert store.write(generation, [made.row("t0", 0, attempt=1)]) == 1

    def test_an_attempt_is_started_once(self, store: Store, generation: int) -> None:
        store.write(generation, [made.started("t0"), made.ended("t0")])
        assert store.write(generation, [made.started("t0")]) == 1
        assert len(store.attempts("t0")) == 1

    def test_one_write_or_one_a_change_leave_the_same(self, tmp_path: Path) -> None:
        changes: list[Change] = [
            made.started("t0"),
            made.row("t0", 0),
            made.started("t1"),
            made.ended("t0", state=AttemptState.FAILED, kind="error", info={"build_s": 0.5}),
            made.started("t0", 2, 1005.0),
            made.changed("t0", "running"),
            made.started("t0", 4, 1006.0),
            made.row("t0", 0, attempt=4),
            made.ended("t1", message="a paragraph", traceback="in full"),
            made.changed("t1", "failed"),
        ]
        found = []
        for name, writes in (("one", [changes]), ("each", [[change] for change in changes])):
            (tmp_path / name).mkdir()
            with closing(self.create(tmp_path / name, made.sweep(), made.trials())) as store:
                generation = store.claim(HOST, PID, NOW)
                assert [store.write(generation, write) for write in writes] == [0] * len(writes)
                found.append((store.trials(), store.attempts(), list(store.rows())))
        assert found[0] == found[1]
        assert len(found[0][1]) == 4

    def test_a_final_state_is_final(self, store: Store, generation: int) -> None:
        store.write(generation, [made.changed("t0", "failed")])
        assert store.write(generation, [made.changed("t0", "running"), made.started("t0")]) == 2
        assert store.trials()[0].state is TrialState.FAILED

    def test_a_trial_of_another_run_is_refused(self, store: Store, generation: int) -> None:
        with pytest.raises(StoreError, match="nobody is not one of this run's trials"):
            store.write(generation, [made.started("nobody")])

    def test_many_trials_in_one_write(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", made.sweep(), made.trials(1200))
        generation = store.claim(HOST, PID, NOW)
        store.write(generation, [made.started(f"t{i}") for i in range(1200)])
        assert len(store.attempts()) == 1200
        store.close()
