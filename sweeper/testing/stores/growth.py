"""Trials that come later."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.records import Change, ExperimentText, Trial, TrialState, replace
from sweeper.records.errors import FencedError
from sweeper.store.base import Store
from sweeper.testing.stores import made
from sweeper.testing.stores.base import HOST, NOW, PID, Contract

DEEP = ExperimentText("grid.yaml.j2", "[__sweep_token_0__]\n", (4,))


def later(*names: str, text_id: str = "x1") -> list[Trial]:
    """Trials whose ordinals are those that their source gave them: from 0."""
    return [Trial(name, i, {"lr": 2.0 + i}, text_id, (2.0 + i, i)) for i, name in enumerate(names)]


class Growth(Contract):
    """Batches of trials join those that are there."""

    def test_a_store_is_made_with_one_batch(self, store: Store) -> None:
        assert store.batches() == (0,)
        assert store.proposed() == made.trials()

    def test_trials_that_come_later_get_the_ordinals_that_follow_and_wait(
        self, store: Store, generation: int
    ) -> None:
        a, b = later("a", "b")
        expected = [replace(a, ordinal=4), replace(b, ordinal=5)]
        assert store.add_trials(generation, [a, b]) == expected
        assert store.proposed() == [*made.trials(), *expected]
        assert store.unfinished() == store.proposed()
        records = store.trials()[4:]
        assert [(one.id, one.ordinal, one.state, one.attempts) for one in records] == [
            ("a", 4, TrialState.PENDING, 0),
            ("b", 5, TrialState.PENDING, 0),
        ]
        assert store.counts()[TrialState.PENDING] == 6

    def test_a_trial_that_is_there_already_is_not_added_twice(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t1"), made.row("t1", 0), made.ended("t1")])
        store.write(generation, [made.changed("t1", "finished")])
        (new,) = later("new")
        again = replace(made.trials()[1], ordinal=0)
        kept = store.add_trials(generation, [again, new, new, again])
        assert [(one.id, one.ordinal) for one in kept] == [("t1", 1), ("new", 4)]
        assert len(store.trials()) == 5
        assert store.trials()[1].state is TrialState.FINISHED
        assert [row.trial for row in store.rows()] == ["t1"]

    def test_each_batch_begins_where_the_one_before_it_ends(
        self, store: Store, generation: int
    ) -> None:
        store.add_trials(generation, later("a", "b"))
        store.add_trials(generation, later("b"))  # nothing new
        store.add_trials(generation, later("c"))
        assert store.batches() == (0, 4, 6, 6)
        assert [trial.id for trial in store.proposed()[4:]] == ["a", "b", "c"]

    def test_a_new_trial_is_recorded_like_any_other(self, store: Store, generation: int) -> None:
        store.add_trials(generation, later("a"))
        changes: list[Change] = [
            made.started("a"),
            made.row("a", 0),
            made.row("t3", 0),
            made.ended("a"),
        ]
        assert store.write(generation, changes) == 1  # t3 was not started
        assert [row.trial for row in store.rows()] == ["a"]
        assert [attempt.trial for attempt in store.attempts("a")] == ["a"]

    def test_the_texts_of_new_trials_are_kept_and_those_that_are_there_stay(
        self, store: Store, generation: int
    ) -> None:
        old = store.sweep().texts
        other = replace(DEEP, text="[]\n")
        store.add_trials(generation, later("a", text_id="x2"), {"x2": DEEP})
        store.add_trials(generation, later("b", text_id="x2"), {"x1": other, "x2": other})
        assert store.sweep().texts == {**old, "x2": DEEP}

    def test_a_run_may_begin_without_a_trial(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        store = self.create(tmp_path / "empty", made.sweep(), [])
        generation = store.claim(HOST, PID, NOW)
        assert [one.ordinal for one in store.add_trials(generation, later("a", "b"))] == [0, 1]
        assert store.batches() == (0, 0)
        store.close()

    def test_a_driver_that_was_replaced_adds_none(self, store: Store, generation: int) -> None:
        store.claim("node9", 1, NOW + 100)
        with pytest.raises(FencedError, match=r"generation is 2, this driver's 1"):
            store.add_trials(generation, later("a"))
        assert len(store.trials()) == 4
        assert store.batches() == (0,)

    def test_a_reader_that_opens_later_sees_them(
        self, path: Path, store: Store, generation: int
    ) -> None:
        store.add_trials(generation, later("a"))
        store.close()
        reader = self.read(path)
        assert [trial.id for trial in reader.proposed()][4:] == ["a"]
        assert reader.batches() == (0, 4)
        reader.close()
