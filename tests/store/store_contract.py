"""What every store must do. A backend subclasses StoreContract and says how to open one."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import time
from array import array
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.records import AttemptState, Ending, EndKind, Row, Trial, TrialState
from sweeper.records.errors import FencedError, StoreBusyError, StoreError

HOST, PID, NOW = "node0", 77, 1000.0


class StoreContract:
    """Subclasses give `create(path, sweep, trials)`, `open(path)` and `read(path)`."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path

    @pytest.fixture
    def store(self, path, make):
        store = self.create(path, make.sweep(), make.trials())
        yield store
        store.close()

    @pytest.fixture
    def generation(self, store):
        return store.claim(HOST, PID, NOW)

    # ---------------------------------------------------------- another try
    def test_only_trials_that_failed_or_were_cancelled_are_reopened(self, store, generation, make):
        for trial, state in (("t0", "failed"), ("t1", "cancelled"), ("t2", "finished")):
            store.write(generation, [make.changed(trial, state)])
        asked = ["t0", "t1", "t2", "t3", "nosuch"]
        assert sorted(store.reopen(generation, asked)) == ["t0", "t1"]
        states = [trial.state.value for trial in store.trials()]
        assert states == ["pending", "pending", "finished", "pending"]
        with pytest.raises(FencedError):
            store.reopen(generation + 1, asked)

    # ---------------------------------------------------------- what was put in comes out
    def test_the_run_comes_back_as_it_was_given(self, store, make):
        assert store.sweep() == make.sweep()

    def test_a_run_without_objective_comes_back(self, tmp_path, make):
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", make.sweep(objective=None), make.trials())
        assert store.sweep().objective is None
        store.close()

    def test_every_trial_is_there_before_the_first_starts(self, store):
        records = store.trials()
        assert [record.id for record in records] == ["t0", "t1", "t2", "t3"]
        assert {record.state for record in records} == {TrialState.PENDING}
        assert {record.attempts for record in records} == {0}
        assert store.counts() == dict.fromkeys(TrialState, 0) | {TrialState.PENDING: 4}

    def test_unfinished_trials_come_back_as_they_were_expanded(self, store, generation, make):
        store.write(generation, [make.changed("t1", "finished"), make.changed("t2", "leased")])
        expected = [trial for trial in make.trials() if trial.id != "t1"]
        assert store.unfinished() == expected

    def test_trials_come_by_ordinal_in_whatever_order_they_were_given(self, tmp_path, make):
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", make.sweep(), reversed(make.trials(30)))
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
    def test_a_value_keeps_its_type_and_every_bit(self, tmp_path, make, value):
        (tmp_path / "other").mkdir()
        trial = Trial("t0", 0, {"v": value}, "x1", (value, 1))
        store = self.create(tmp_path / "other", make.sweep(), [trial])
        found = store.trials()[0].values["v"]
        assert repr(found) == repr(value)
        assert repr(store.unfinished()[0].tokens) == repr((value, 1))
        store.close()

    def test_a_row_comes_back_bit_for_bit_with_nan_and_infinity(self, store, generation, make):
        row = make.row("t0", 0, (math.nan, -math.inf))
        assert store.write(generation, [make.started("t0"), row]) == 0
        assert list(store.rows("t0")) == [row]

    def test_rows_come_by_ordinal_phase_and_epoch(self, store, generation, make):
        wanted = [
            make.row(trial, epoch, phase=phase)
            for trial in ("t0", "t2")
            for phase in (0, 1)
            for epoch in range(3)
        ]
        shuffled = random.Random(0).sample(wanted, len(wanted))
        store.write(generation, [make.started("t2"), make.started("t0"), *shuffled])
        assert list(store.rows()) == wanted
        assert list(store.rows("t2")) == wanted[6:]

    def test_rows_of_different_channels_keep_their_names(self, store, generation, make):
        rows = [make.row("t0", 0, (1.0,), names=("a",)), make.row("t0", 1, (2.0, 3.0))]
        store.write(generation, [make.started("t0"), rows[0]])
        store.write(generation, [rows[1], make.row("t0", 2, (4.0,), names=("a",))])
        assert [row.channels for row in store.rows()] == [
            ("a",),
            ("valid_error", "train_error"),
            ("a",),
        ]

    def test_an_attempt_comes_back_with_worker_device_times_and_error(
        self, store, generation, make
    ):
        started, ended = make.started("t0"), make.ended(
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

    # ---------------------------------------------------------- fencing by attempt
    def test_same_row_written_twice_is_one_row(self, store, generation, make):
        row = make.row("t0", 1)
        assert store.write(generation, [make.started("t0"), row, row]) == 0
        assert store.write(generation, [row]) == 0
        assert list(store.rows()) == [row]

    def test_a_row_of_an_attempt_that_ended_is_dropped_and_counted(self, store, generation, make):
        store.write(generation, [make.started("t0"), make.row("t0", 0), make.ended("t0")])
        assert store.write(generation, [make.row("t0", 1), make.row("t0", 2)]) == 2
        assert [row.epoch for row in store.rows("t0")] == [0]

    def test_changes_in_one_write_count_in_their_order(self, store, generation, make):
        late = [make.started("t0"), make.row("t0", 0), make.ended("t0"), make.row("t0", 1)]
        assert store.write(generation, late) == 1
        assert [row.epoch for row in store.rows("t0")] == [0]

    def test_a_row_of_an_attempt_that_never_started_is_dropped(self, store, generation, make):
        assert store.write(generation, [make.row("t0", 0)]) == 1
        assert list(store.rows()) == []

    def test_crash_report_from_an_old_attempt_changes_nothing(self, store, generation, make):
        store.write(generation, [make.started("t0"), make.ended("t0", state=AttemptState.LOST)])
        store.write(generation, [make.started("t0", 2), make.row("t0", 0, attempt=2)])
        before = store.attempts()
        late = make.ended("t0", 1, AttemptState.FAILED, message="late")
        assert store.write(generation, [late, make.row("t0", 5, attempt=1)]) == 2
        assert store.attempts() == before

    def test_a_newer_attempt_ends_the_older_one_as_lost(self, store, generation, make):
        store.write(generation, [make.started("t0"), make.started("t0", 2, 1005.0)])
        first, second = store.attempts("t0")
        assert (first.state, first.ended) == (AttemptState.LOST, 1005.0)
        assert second.state is AttemptState.RUNNING
        assert store.write(generation, [make.row("t0", 0, attempt=1)]) == 1

    def test_an_attempt_is_started_once(self, store, generation, make):
        store.write(generation, [make.started("t0"), make.ended("t0")])
        assert store.write(generation, [make.started("t0")]) == 1
        assert len(store.attempts("t0")) == 1

    def test_one_write_or_one_a_change_leave_the_same(self, tmp_path, make):
        changes = [
            make.started("t0"),
            make.row("t0", 0),
            make.started("t1"),
            make.ended("t0", state=AttemptState.FAILED, kind="error", info={"build_s": 0.5}),
            make.started("t0", 2, 1005.0),
            make.changed("t0", "running"),
            make.started("t0", 4, 1006.0),
            make.row("t0", 0, attempt=4),
            make.ended("t1", message="a paragraph", traceback="in full"),
            make.changed("t1", "failed"),
        ]
        found = []
        for name, writes in (("one", [changes]), ("each", [[change] for change in changes])):
            (tmp_path / name).mkdir()
            with closing(self.create(tmp_path / name, make.sweep(), make.trials())) as store:
                generation = store.claim(HOST, PID, NOW)
                assert [store.write(generation, write) for write in writes] == [0] * len(writes)
                found.append((store.trials(), store.attempts(), list(store.rows())))
        assert found[0] == found[1]
        assert len(found[0][1]) == 4

    def test_a_final_state_is_final(self, store, generation, make):
        store.write(generation, [make.changed("t0", "failed")])
        assert store.write(generation, [make.changed("t0", "running"), make.started("t0")]) == 2
        assert store.trials()[0].state is TrialState.FAILED

    def test_an_attempt_that_starts_again_is_the_whole_history(self, store, generation, make):
        store.write(generation, [make.started("t0"), make.row("t0", 0), make.row("t0", 1)])
        store.write(generation, [make.ended("t0", state=AttemptState.LOST)])
        store.write(generation, [make.started("t0", 2), make.row("t0", 0, attempt=2)])
        assert [(row.attempt, row.epoch) for row in store.rows()] == [(2, 0)]

    def test_an_attempt_that_went_on_has_the_earlier_ones_rows_before_it(
        self, store, generation, make
    ):
        def attempt(number, phase, *epochs):
            rows = [make.row("t1", epoch, attempt=number, phase=phase) for epoch in epochs]
            store.write(generation, [make.started("t1", number), *rows])

        def history():
            return [(row.attempt, row.phase, row.epoch) for row in store.rows()]

        store.write(generation, [make.started("t0"), make.row("t0", 7), make.started("t2")])
        attempt(1, 0, 0, 1, 2, 3, 4)
        attempt(2, 0)  # has said nothing yet
        assert history() == [(1, 0, 7), *((1, 0, epoch) for epoch in range(5))]
        attempt(3, 0, 3, 4, 5, 6)
        assert history()[1:] == [
            (1, 0, 0),
            (1, 0, 1),
            (1, 0, 2),
            *((3, 0, e) for e in (3, 4, 5, 6)),
        ]
        attempt(4, 1, 0, 1)  # a later phase
        assert history()[-2:] == [(4, 1, 0), (4, 1, 1)]
        assert len(history()) == 10
        attempt(5, 0, 2, 3)
        assert history() == [(1, 0, 7), (1, 0, 0), (1, 0, 1), (5, 0, 2), (5, 0, 3)]
        assert [row.epoch for row in store.rows("t1")] == [0, 1, 2, 3]

    def test_a_trial_of_another_run_is_refused(self, store, generation, make):
        with pytest.raises(StoreError, match="nobody is not one of this run's trials"):
            store.write(generation, [make.started("nobody")])

    def test_many_trials_in_one_write(self, tmp_path, make):
        (tmp_path / "other").mkdir()
        store = self.create(tmp_path / "other", make.sweep(), make.trials(1200))
        generation = store.claim(HOST, PID, NOW)
        store.write(generation, [make.started(f"t{i}") for i in range(1200)])
        assert len(store.attempts()) == 1200
        store.close()

    # The backends are the executors, and each keeps to itself.
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors],
    )
    @given(data=st.data())
    def test_any_order_of_writes_keeps_what_a_plain_model_keeps(self, tmp_path_factory, make, data):
        path = tmp_path_factory.mktemp("model")
        with closing(self.create(path, make.sweep(), make.trials(2))) as store:
            generation = store.claim(HOST, PID, NOW)
            model = Model()
            for batch in data.draw(st.lists(st.lists(actions(), max_size=8), max_size=6)):
                expected = sum(not model.take(*action) for action in batch)
                assert store.write(generation, [change_of(make, *action) for action in batch]) == (
                    expected
                )
            found = [(r.trial, r.attempt, r.epoch, array("d", r.data)[0]) for r in store.rows()]
            assert found == model.history()
            assert {(a.trial, a.number): a.state for a in store.attempts()} == model.attempts
            assert {t.id: t.attempts for t in store.trials()} == model.newest
            assert [a for a in store.attempts() if a.state is AttemptState.RUNNING] == [
                a for a in store.attempts() if model.open.get(a.trial) == a.number
            ]

    # ---------------------------------------------------------- drivers
    def test_each_claim_is_a_new_generation(self, store):
        assert store.claim(HOST, PID, NOW) == 1
        assert store.claim(HOST, PID, NOW + 1) == 2
        sweep = store.sweep()
        assert (sweep.state, sweep.host, sweep.pid) == ("running", HOST, PID)
        assert (sweep.generation, sweep.heartbeat) == (2, NOW + 1)

    def test_a_living_driver_on_another_host_is_named(self, store, generation):
        with pytest.raises(StoreBusyError, match=r"process 77 on host node0, heard 12 s ago"):
            store.claim("node9", 1, NOW + 12)

    def test_a_driver_that_was_silent_for_30_s_is_replaced(self, store, generation):
        store.heartbeat(generation, NOW + 100)
        with pytest.raises(StoreBusyError, match="node0"):
            store.claim("node9", 1, NOW + 129)
        assert store.claim("node9", 1, NOW + 130) == 2

    def test_a_driver_whose_process_is_gone_is_replaced_at_once(self, store):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        now = time.time()
        store.claim(HOST, child.pid, now)
        for later in (1, 1000):  # of its own host, a silent driver may be a stopped one
            with pytest.raises(StoreBusyError, match=f"process {child.pid} "):
                store.claim(HOST, os.getpid(), now + later)
        child.communicate(b"\n")
        assert store.claim(HOST, os.getpid(), now + 1) == 2

    def test_a_process_that_has_the_dead_driver_s_number_is_not_the_driver(self, store):
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            store.claim(HOST, child.pid, time.time() - 3600)
            assert store.claim(HOST, os.getpid(), time.time()) == 2
            child.communicate(b"\n")

    def test_a_finished_run_can_be_claimed_at_once(self, store, generation):
        ending = Ending(EndKind.TIME_SHORT, "no time")
        store.finish(generation, ending, NOW + 1)
        assert store.sweep().ending == ending
        assert store.claim("node9", 1, NOW + 2) == 2
        assert store.sweep().state == "running"

    @pytest.mark.parametrize("kind", EndKind)
    def test_how_a_run_ended_is_kept(self, path, store, generation, kind):
        ending = Ending(kind, "one line\n\nand another")
        store.finish(generation, ending, NOW + 1)
        store.close()
        reader = self.read(path)
        assert reader.sweep().state == reader.sweep().ending == ending
        reader.close()

    def test_a_run_can_be_left_as_if_no_driver_had_been_there(self, store, generation):
        store.finish(generation, "created", NOW)
        assert (store.sweep().state, store.sweep().ending) == ("created", None)

    def test_a_driver_that_was_replaced_writes_nothing(self, store, generation, make):
        newer = store.claim("node9", 1, NOW + 100)
        for write in (
            lambda: store.write(generation, [make.started("t0")]),
            lambda: store.heartbeat(generation, NOW + 200),
            lambda: store.finish(generation, Ending(EndKind.FINISHED), NOW + 200),
        ):
            with pytest.raises(FencedError, match=r"generation is 2, this driver's 1"):
                write()
        assert store.attempts() == []
        assert (store.sweep().state, store.sweep().heartbeat) == ("running", NOW + 100)
        assert store.write(newer, [make.started("t0")]) == 0

    # ---------------------------------------------------------- files and readers
    def test_a_run_goes_on_where_it_was_closed(self, path, store, generation, make):
        store.write(generation, [make.started("t0"), make.row("t0", 0)])
        store.close()
        again = self.open(path)
        newer = again.claim(HOST, PID, NOW + 1)
        again.write(newer, [make.row("t0", 1)])
        assert [row.epoch for row in again.rows()] == [0, 1]
        again.close()

    def test_closing_twice_is_closing_once(self, store):
        store.close()
        store.close()

    def test_a_reader_reads_after_the_driver_has_closed(self, path, store, generation, make):
        store.write(generation, [make.started("t0"), make.row("t0", 0)])
        store.close()
        reader = self.read(path)
        assert list(reader.rows()) == [make.row("t0", 0)]
        with pytest.raises(StoreError, match="opened to be read"):
            reader.write(generation, [])
        reader.close()

    def test_a_reader_stays_at_one_moment(self, path, store, generation, make):
        store.publish(NOW)
        reader = self.read(path)
        assert reader.counts()[TrialState.PENDING] == 4
        store.write(generation, [make.changed("t0", "finished")])
        store.publish(NOW + 10)
        assert reader.counts()[TrialState.PENDING] == 4
        reader.close()
        newer = self.read(path)
        assert newer.counts()[TrialState.FINISHED] == 1
        newer.close()

    def test_a_second_store_in_one_folder_is_refused(self, path, store, make):
        with pytest.raises(StoreError, match="there is a store already"):
            self.create(path, make.sweep(), [])
        assert len(store.trials()) == 4

    def test_a_launch_that_fails_leaves_no_store(self, tmp_path, make):
        (tmp_path / "other").mkdir()
        twins = [make.trials(1)[0]] * 2
        with pytest.raises(StoreError, match="the store failed"):
            self.create(tmp_path / "other", make.sweep(), twins)
        assert list((tmp_path / "other").iterdir()) == []

    def test_a_missing_store_is_named(self, tmp_path):
        for use in (self.open, self.read):
            with pytest.raises(StoreError, match=r"sweep\.db: there is no store"):
                use(tmp_path / "gone" / "sweep.db")

    def test_a_folder_that_cannot_be_written_is_a_paragraph(self, tmp_path, make):
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreError, match=r"can't be opened or written .* you may write in"):
            self.create(tmp_path / "file" / "sweep.db", make.sweep(), [])


# ------------------------------------------------------------------ a model of the rules
class Model:
    """The rules of `Store.write` on dicts, as a reader of the docstring would code them."""

    def __init__(self):
        self.open, self.newest, self.attempts, self.rows = {}, {"t0": 0, "t1": 0}, {}, {}

    def take(self, kind, trial, attempt, epoch):
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

    def history(self):
        """From the newest attempt back, each adds its rows before those that are there."""
        found = []
        for trial in ("t0", "t1"):
            kept = []
            for attempt in range(self.newest[trial], 0, -1):
                rows = sorted(row for row in self.rows.items() if row[0][:2] == (trial, attempt))
                before = kept[0][2] if kept else math.inf
                kept = [(*key, value) for key, value in rows if key[2] < before] + kept
            found += kept
        return found


def actions():
    return st.tuples(
        st.sampled_from(["start", "end", "row", "row", "row"]),
        st.sampled_from(["t0", "t1"]),
        st.integers(1, 3),
        st.integers(0, 3),
    )


def change_of(make, kind, trial, attempt, epoch):
    if kind == "start":
        return make.started(trial, attempt)
    if kind == "end":
        return make.ended(trial, attempt)
    return Row(trial, attempt, 0, epoch, 1.0, ("a",), array("d", [epoch]).tobytes())
