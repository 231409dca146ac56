"""The thread that runs trials and what it sends, without Ray."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from sweeper.records import (
    Began,
    Built,
    Ended,
    ExperimentText,
    LeaseOver,
    Resources,
    Row,
    RunnerSetup,
    TrialTask,
)
from sweeper.workers.actor import WorkerActor, WorkerSetup
from sweeper.workers.actor.outbox import FLUSH_AT, Outbox
from sweeper.workers.actor.trials import TrialThread

TEXTS = {"x": ExperimentText("grid.yaml.j2", "a: 1", (1,))}


@pytest.fixture
def make_thread(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "fake"))

    def make(factory="sweep_fake_runner:FakeRunner"):
        runner = RunnerSetup(str(tmp_path), str(tmp_path / "g"), ("*",), (), "float32")
        setup = WorkerSetup(3, runner, Resources(), (), "log", str(tmp_path), factory)
        return TrialThread(setup)

    return make


def task(trial, do, much=0):
    return TrialTask(trial, 1, "x", (do, much), 0)


def until_over(thread, timeout_s=10.0):
    """The batches of one lease."""
    batches = []
    end = time.monotonic() + timeout_s
    while not (batches and batches[-1] and isinstance(batches[-1][-1], LeaseOver)):
        assert time.monotonic() < end
        batches.append(thread.outbox.take(0.2))
    return [batch for batch in batches if batch]


def test_a_lease_yields_each_trial_s_events_in_order_and_ends_with_lease_over(make_thread):
    thread = make_thread()
    thread.wait_until_ready()
    thread.start([task("a", "rows", 2), task("b", "fail")], TEXTS)
    events = [item for batch in until_over(thread) for item in batch]
    kinds = [(type(item), getattr(item, "trial", "")) for item in events]
    assert kinds == [
        (Began, "a"), (Built, "a"), (Row, "a"), (Row, "a"), (Ended, "a"),
        (Began, "b"), (Built, "b"), (Ended, "b"), (LeaseOver, ""),
    ]  # fmt: skip


def test_the_first_built_is_sent_at_once_and_rows_wait_for_the_timer(make_thread):
    thread = make_thread()
    thread.wait_until_ready()
    thread.start([task("a", "sleep", 10)], TEXTS)  # 10 rows, 0.05 s apart
    batches = until_over(thread)
    assert [type(item) for item in batches[0][:2]] == [Began, Built]
    assert len(batches) <= 5  # 0.5 s of rows in batches of 0.2 s, and the first and the last


def test_an_interrupt_ends_the_running_trial_and_begins_no_other(make_thread):
    thread = make_thread()
    thread.wait_until_ready()
    thread.start([task("a", "sleep", 1000), task("b", "rows", 1)], TEXTS)
    threading.Timer(0.2, thread.interrupted.set).start()
    events = [item for batch in until_over(thread) for item in batch]
    ended = [item for item in events if isinstance(item, Ended)]
    assert [(one.trial, one.outcome) for one in ended] == [("a", "interrupted")]
    assert not any(isinstance(item, Began) and item.trial == "b" for item in events)


def test_what_is_added_to_a_lease_runs_in_it_and_what_comes_too_late_never(make_thread):
    thread = make_thread()
    thread.wait_until_ready()
    given = thread.start([task("a", "sleep", 10)], TEXTS)
    given.append(task("b", "rows", 1))
    events = [item for batch in until_over(thread) for item in batch]
    assert [item.trial for item in events if isinstance(item, Ended)] == ["a", "b"]
    given.append(task("late", "rows", 1))
    thread.start([task("c", "rows", 1)], TEXTS)
    events = [item for batch in until_over(thread) for item in batch]
    assert [item.trial for item in events if isinstance(item, Ended)] == ["c"]


def test_an_extension_of_a_lease_that_is_over_adds_nothing_to_the_next(make_thread):
    actor = WorkerActor(make_thread()._setup)
    actor._trials = make_thread()
    actor._trials.wait_until_ready()
    first, second = ([task(name, "rows", 1)] for name in "ab")
    assert ended_of(actor.lease(1, first, TEXTS)) == ["a"]
    lease = actor.lease(2, second, TEXTS)
    batches = [next(lease)]
    actor.extend(1, [task("late", "rows", 1)])
    actor.extend(3, [task("early", "rows", 1)])
    assert ended_of([*batches, *lease]) == ["b"]


def ended_of(batches):
    return [one.trial for batch in batches for one in batch if isinstance(one, Ended)]


def test_a_worker_keeps_no_text_of_an_earlier_lease(make_thread):
    thread = make_thread()
    thread.wait_until_ready()
    for old in ("y", "z"):
        thread.start([task("a", "rows", 1)], {**TEXTS, old: TEXTS["x"]})
        until_over(thread)
    thread.start([task("b", "rows", 1)], TEXTS)
    (ended,) = (one for batch in until_over(thread) for one in batch if isinstance(one, Ended))
    assert ended.info["texts"] == ["x"]


def test_a_runner_that_cannot_be_imported_says_so(make_thread):
    thread = make_thread("sweep_fake_runner:broken")
    with pytest.raises(RuntimeError, match="ImportError: no module named jax"):
        thread.wait_until_ready()


def test_a_fault_of_the_runner_comes_after_what_it_yielded(make_thread):
    thread = make_thread("sweep_fake_runner:CrashingRunner")
    thread.wait_until_ready()
    thread.start([task("a", "rows", 1)], TEXTS)
    time.sleep(0.1)
    assert [type(item) for item in thread.outbox.take(1.0)] == [Began]
    with pytest.raises(RuntimeError, match="a fault of the runner itself"):
        thread.outbox.take(1.0)


def test_many_items_are_taken_without_waiting_for_the_timer():
    outbox = Outbox()
    for number in range(FLUSH_AT - 1):
        outbox.put(number, urgent=False)
    started = time.monotonic()
    threading.Timer(0.1, lambda: outbox.put(FLUSH_AT - 1, urgent=False)).start()
    assert outbox.take(60.0) == list(range(FLUSH_AT))
    assert time.monotonic() - started < 30


def test_an_outbox_loses_nothing_between_two_threads():
    outbox = Outbox()
    numbers = list(range(20_000))

    def put():
        for number in numbers:
            outbox.put(number, urgent=number % 97 == 0)

    thread = threading.Thread(target=put)
    thread.start()
    taken = []
    while thread.is_alive() or len(taken) < len(numbers):
        taken.extend(outbox.take(0.01))
    thread.join()
    assert taken == numbers
