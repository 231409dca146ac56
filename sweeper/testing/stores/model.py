"""Any order of writes, against a plain model of the rules."""

from __future__ import annotations

import math
from array import array
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.records import AttemptState, Change, Row
from sweeper.testing.stores import made
from sweeper.testing.stores.base import HOST, NOW, PID, Contract


class Modelled(Contract):
    """The store keeps what the model keeps."""

    # The backends are the executors, and each keeps to itself.
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors],
    )
    @given(data=st.data())
    def test_any_order_of_writes_keeps_what_a_plain_model_keeps(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = tmp_path_factory.mktemp("model")
        with closing(self.create(path, made.sweep(), made.trials(2))) as store:
            generation = store.claim(HOST, PID, NOW)
            model = Model()
            for batch in data.draw(st.lists(st.lists(actions(), max_size=8), max_size=6)):
                expected = sum(not model.take(*action) for action in batch)
                assert store.write(generation, [change_of(*action) for action in batch]) == (
                    expected
                )
            found = [(r.trial, r.attempt, r.epoch, array("d", r.data)[0]) for r in store.rows()]
            assert found == model.history()
            assert {(a.trial, a.number): a.state for a in store.attempts()} == model.attempts
            assert {t.id: t.attempts for t in store.trials()} == model.newest
            assert [a for a in store.attempts() if a.state is AttemptState.RUNNING] == [
                a for a in store.attempts() if model.open.get(a.trial) == a.number
            ]


class Model:
    """The rules of `Store.write` on dicts, as a reader of the docstring would code them."""

    def __init__(self) -> None:
        self.open: dict[str, int] = {}
        self.newest = {"t0": 0, "t1": 0}
        self.attempts: dict[tuple[str, int], AttemptState] = {}
        self.rows: dict[tuple[str, int, int], float] = {}

    def take(self, kind: str, trial: str, attempt: int, epoch: int) -> bool:
        """Whether a change counts."""
        if kind == "start":
            if attempt <= self.newest[trial]:
                return False
            if trial in self.open:
                self.attempts[trial, self.open[trial]] = AttemptState.LOST
            self.newest[trial] = self.open[trial] = attempt
            self.attempts[trial, attempt] = AttemptState.RUNNING
            return True
        if self.open.get(trial) != attempt:
            return False
        if kind == "end":
            del self.open[trial]
            self.attempts[trial, attempt] = AttemptState.FINISHED
        else:
            self.rows[trial, attempt, epoch] = float(epoch)
        return True

    def history(self) -> list[tuple[str, int, int, float]]:
        """From the newest attempt back, each adds its rows before those that are there."""
        found = []
        for trial in ("t0", "t1"):
            kept: list[tuple[str, int, int, float]] = []
            for attempt in range(self.newest[trial], 0, -1):
                rows = sorted(row for row in self.rows.items() if row[0][:2] == (trial, attempt))
                before = kept[0][2] if kept else math.inf
                kept = [(*key, value) for key, value in rows if key[2] < before] + kept
            found += kept
        return found


def actions() -> st.SearchStrategy[tuple[str, str, int, int]]:
    """What may be written: a kind of change, of a trial's attempt, at an epoch."""
    return st.tuples(
        st.sampled_from(["start", "end", "row", "row", "row"]),
        st.sampled_from(["t0", "t1"]),
        st.integers(1, 3),
        st.integers(0, 3),
    )


def change_of(kind: str, trial: str, attempt: int, epoch: int) -> Change:
    """An action as the store is told it."""
    if kind == "start":
        return made.started(trial, attempt)
    if kind == "end":
        return made.ended(trial, attempt)
    return Row(trial, attempt, 0, epoch, 1.0, ("a",), array("d", [epoch]).tobytes())
