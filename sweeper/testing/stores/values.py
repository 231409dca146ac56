"""What was put into a store comes out of it."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from sweeper.records import AttemptState, Trial, TrialState
from sweeper.store.base import Store
from sweeper.testing.stores import made
from sweeper.testing.stores.base import Contract


class Values(Contract):
    """Every value, bit for bit."""

    def test_the_run_comes_back_as_it_was_given(self, store: Store) -> None:
        assert store.sweep() == made.sweep()

    def test_a_run_without_objective_comes_back(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", made.sweep(objective=None), made.trials())
        assert store.sweep().objective is None
        store.close()

    def test_every_trial_is_there_before_the_first_starts(self, store: Store) -> None:
        records = store.trials()
        assert [record.id for record in records] == ["t0", "t1", "t2", "t3"]
        assert {record.state for record in records} == {TrialState.PENDING}
        assert {record.attempts for record in records} == {0}
        assert store.counts() == dict.fromkeys(TrialState, 0) | {TrialState.PENDING: 4}

    def test_unfinished_trials_come_back_as_they_were_expanded(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.changed("t1", "finished"), made.changed("t2", "leased")])
        expected = [trial for trial in made.trials() if trial.id != "t1"]
        assert store.unfinished() == expected

    def test_trials_come_by_ordinal_in_whatever_order_they_were_given(self, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", made.sweep(), reversed(made.trials(30)))
        assert [trial.ordinal for trial in store.trials()] == list(range(30))
        store.close()

    @pytest.mark.parametrize(
        "value",
        [
            3e-7, 1e-05, 0.1 + 0.2, 5e-324, -0.0, math.inf, 10**30, True, False, None, "", "01",
            "1e-05", "it's: \"q\" {é☃}", "\ud800", [1, [2.5, None]], {"a": {"b": [1]}},
            {1: "x", "1": "y"}, {"__pairs__": 1},
        ],
        ids=repr,
    )  # fmt: skip
    def test_a_value_keeps_its_type_and_every_bit(self, tmp_path: Path, value: Any) -> None:
        (tmp_path / "other").mkdir()
        trial = Trial("t0", 0, {"v": value}, "x1", (value, 1))
        store = self.create(tmp_path / "other", made.sweep(), [trial])
        found = store.trials()[0].values["v"]
        assert repr(found) == repr(value)
        assert repr(store.unfinished()[0].tokens) == repr((value, 1))
        store.close()

    def test_a_row_comes_back_bit_for_bit_with_nan_and_infinity(
        self, store: Store, generation: int
    ) -> None:
        row = made.row("t0", 0, (math.nan, -math.inf))
        assert store.write(generation, [made.started("t0"), row]) == 0
        assert list(store.rows("t0")) == [row]

    def test_rows_come_by_ordinal_phase_and_epoch(self, store: Store, generation: int) -> None:
        wanted = [
            made.row(trial, epoch, phase=phase)
            for trial in ("t0", "t2")
            for phase in (0, 1)
            for epoch in range(3)
        ]
        shuffled = random.Random(0).sample(wanted, len(wanted))
        store.write(generation, [made.started("t2"), made.started("t0"), *shuffled])
        assert list(store.rows()) == wanted
        assert list(store.rows("t2")) == wanted[6:]

    def test_rows_of_different_channels_keep_their_names(
        self, store: Store, generation: int
    ) -> None:
        rows = [made.row("t0", 0, (1.0,), names=("a",)), made.row("t0", 1, (2.0, 3.0))]
        store.write(generation, [made.started("t0"), rows[0]])
        store.write(generation, [rows[1], made.row("t0", 2, (4.0,), names=("a",))])
        assert [row.channels for row in store.rows()] == [
            ("a",),
            ("valid_error", "train_error"),
            ("a",),
        ]

    def test_an_attempt_comes_back_with_worker_device_times_and_error(
        self, store: Store, generation: int
    ) -> None:
        started, ended = made.started("t0"), made.ended(
            "t0", state=AttemptState.FAILED, kind="error", message="boom", traceback="Trace…",
            info={"build_s": 0.25, "mode": "jax"},
        )  # fmt: skip
        store.write(generation, [started])
        (running,) = store.attempts("t0")
        assert (running.state, running.ended) == (AttemptState.RUNNING, None)
        store.write(generation, [ended])
        (attempt,) = store.attempts("t0")
        assert attempt.device == started.device
        assert (attempt.worker, attempt.started, attempt.ended) == (0, 1001.0, 1002.0)
        assert (attempt.state, attempt.kind) == (AttemptState.FAILED, "error")
        assert (attempt.message, attempt.traceback) == ("boom", "Trace…")
        assert attempt.info == {"build_s": 0.25, "mode": "jax"}
