"""The pool and its actors on a real Ray cluster, with a runner that has no engine."""

from __future__ import annotations

import os
import signal
import time

import pytest
import ray

from sweeper.records import (
    Built,
    Ended,
    ExperimentText,
    Extend,
    InterruptTrial,
    InterruptWorker,
    Lease,
    LeasedTrial,
    LeaseOver,
    Resources,
    Row,
    RunnerSetup,
    StartWorker,
    TrialTask,
    WorkerDown,
    WorkerUp,
)
from sweeper.records.errors import ClusterError
from sweeper.workers.pool import Pool, PoolSetup

TEXTS = {"x": ExperimentText("grid.yaml.j2", "a: 1", (1,))}


class Asked:
    """A pool, and what it was asked to run: trial id to (do, much)."""

    def __init__(self, pool, work):
        self.pool = pool
        self.work = work

    def start(self, *workers):
        for worker in workers:
            self.pool.obey(StartWorker(worker))
        up = self.wait(lambda seen: sum(isinstance(e, WorkerUp) for e in seen) == len(workers))
        return {event.worker: event.device for event in up}

    def lease(self, worker, **work):
        self.work.update(work)
        attempts = tuple(LeasedTrial(trial, 1) for trial in work)
        self.pool.obey(Lease(worker, attempts))

    def run(self, worker, **work):
        self.lease(worker, **work)
        return self.wait(is_over)

    def wait(self, is_enough, timeout_s=60.0):
        seen = []
        end = time.monotonic() + timeout_s
        while not is_enough(seen):
            assert time.monotonic() < end, seen
            seen.extend(self.pool.events(0.1))
        return seen


def is_over(seen):
    return any(isinstance(event, LeaseOver | WorkerDown) for event in seen)


def of(seen, kind):
    return [event for event in seen if isinstance(event, kind)]


@pytest.fixture
def ask(cluster, tmp_path):
    """Makes pools; their processes end with the test."""
    pools = []

    def make(factory="sweep_fake_runner:FakeRunner", **resources):
        runner = RunnerSetup(str(tmp_path), str(tmp_path / "g.yaml.j2"), ("*",), (), "float32")
        setup = PoolSetup(
            runner=runner,
            resources=Resources(**resources),
            cores=cluster.cores,
            scratch=cluster.scratch,
            environ=os.environ,
            runner_factory=factory,
        )
        work = {}

        def task_of(one):
            return TrialTask(one.trial, one.number, "x", work[one.trial], 0)

        pools.append(Pool(setup, task_of=task_of, texts=TEXTS))
        return Asked(pools[-1], work)

    yield make
    for pool in pools:
        pool.kill()


def test_trials_that_are_added_run_in_the_same_lease(ask):
    asked = ask()
    asked.start(0)
    asked.lease(0, a=("sleep", 20))
    asked.wait(lambda seen: any(isinstance(event, Built) for event in seen))
    asked.work["b"] = ("rows", 1)
    asked.pool.obey(Extend(0, (LeasedTrial("b", 1),)))
    seen = asked.wait(is_over)
    assert [event.trial for event in of(seen, Ended)] == ["a", "b"]


def test_a_lease_s_rows_and_events_arrive_in_order(ask):
    asked = ask()
    asked.start(0)
    seen = asked.run(0, a=("rows", 2), b=("rows", 1), c=("fail", 0))
    assert [row.epoch for row in of(seen, Row) if row.trial == "a"] == [0, 1]
    assert [(e.trial, e.outcome) for e in of(seen, Ended)] == [
        ("a", "finished"), ("b", "finished"), ("c", "failed"),
    ]  # fmt: skip
    assert of(seen, Ended)[2].message == "ValueError: oops"
    again = asked.run(0, d=("rows", 1))  # the text was sent once
    assert [e.outcome for e in of(again, Ended)] == ["finished"]


def test_each_worker_has_a_gpu_and_cores_of_its_own(ask, cluster):
    asked = ask(gpus=1)
    devices = asked.start(0, 1, 2, 3)
    assert sorted(device.gpus for device in devices.values()) == [("0",), ("1",), ("2",), ("3",)]
    for worker, device in devices.items():
        assert device.cores == (cluster.cores[worker % len(cluster.cores)],)
        (ended,) = of(asked.run(worker, **{f"t{worker}": ("rows", 1)}), Ended)
        assert ended.info["gpus"] == device.gpus[0]
        assert ended.info["cores"] == list(device.cores)
        assert ended.info["omp"] == "1"
    assert len({device.pid for device in devices.values()}) == 4


def wait_until_free(gpus):
    """Wait until the workers of the tests before have given their GPUs back."""
    end = time.monotonic() + 30
    while ray.available_resources().get("GPU", 0) < gpus:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_two_gpus_a_worker_are_two_neighbours(ask):
    wait_until_free(4)
    devices = ask(gpus=2).start(0, 1)
    assert sorted(device.gpus for device in devices.values()) == [("0", "1"), ("2", "3")]


def test_a_worker_without_gpus_sees_none(ask):
    asked = ask()
    device = asked.start(0)[0]
    (ended,) = of(asked.run(0, a=("rows", 1)), Ended)
    assert device.gpus == ()
    assert ended.info["gpus"] in ("", None)
    assert ended.info["jax"] == "cpu"
    assert "floatX=float32" in ended.info["flags"]


def test_a_killed_worker_is_reported_and_can_be_replaced(ask):
    asked = ask()
    first = asked.start(0)[0]
    asked.lease(0, a=("sleep", 1000))
    asked.wait(lambda seen: of(seen, Built))
    os.kill(first.pid, signal.SIGKILL)
    (down,) = of(asked.wait(is_over), WorkerDown)
    assert (down.worker, down.charged) == (0, True)
    assert down.reason.startswith("worker 0's process died: ")
    assert "the end of logs/worker-0.log may say more" in down.reason
    assert asked.start(0)[0].pid != first.pid
    assert [e.trial for e in of(asked.run(0, b=("rows", 1)), Ended)] == ["b"]


def test_a_worker_that_dies_while_a_child_that_it_forked_lives_is_reported(ask):
    asked = ask()
    asked.start(0)
    asked.lease(0, a=("forks and dies", 0))
    (down,) = of(asked.wait(is_over, timeout_s=30.0), WorkerDown)
    assert (down.worker, down.charged) == (0, True)
    assert asked.start(0)


def test_an_interrupt_reaches_a_worker_while_it_trains(ask):
    asked = ask()
    asked.start(0)
    asked.lease(0, a=("sleep", 1000), b=("rows", 1))
    asked.wait(lambda seen: of(seen, Built))
    began = time.monotonic()
    asked.pool.obey(InterruptWorker(0))
    (ended,) = of(asked.wait(is_over), Ended)
    assert (ended.trial, ended.outcome) == ("a", "interrupted")
    assert time.monotonic() - began < 5


def test_an_interrupt_that_overtakes_its_lease_still_ends_it(ask):
    asked = ask()
    asked.start(0)
    asked.lease(0, a=("sleep", 1000))
    asked.pool.obey(InterruptWorker(0))
    seen = asked.wait(is_over)
    assert all(event.outcome == "interrupted" for event in of(seen, Ended))
    assert [e.outcome for e in of(asked.run(0, b=("rows", 1)), Ended)] == ["finished"]


def test_one_trial_is_interrupted_and_the_rest_of_its_lease_goes_on(ask):
    asked = ask()
    asked.start(0)
    asked.lease(0, a=("sleep", 1000), b=("rows", 1), c=("rows", 1))
    asked.wait(lambda seen: of(seen, Built))
    asked.pool.obey(InterruptTrial(0, "b"))  # has not begun
    asked.pool.obey(InterruptTrial(0, "a"))
    ends = of(asked.wait(is_over), Ended)
    assert [(e.trial, e.outcome) for e in ends] == [
        ("a", "interrupted"), ("b", "interrupted"), ("c", "finished"),
    ]  # fmt: skip
    again = asked.run(0, b=("rows", 1))  # asked of the lease before
    assert [e.outcome for e in of(again, Ended)] == ["finished"]
    asked.pool.obey(InterruptTrial(7, "a"))  # a worker that is gone


def test_what_a_trial_prints_is_in_the_worker_s_log_under_its_tag(ask, tmp_path):
    asked = ask()
    asked.start(0)
    asked.run(0, abc=("print", 7))
    lines = (tmp_path / "logs" / "worker-0.log").read_text().splitlines()
    assert {"abc.a1| hello 7", "abc.a1| to stderr", "from C"} <= set(lines)


def test_a_runner_that_cannot_start_is_the_cluster_s_fault(ask):
    asked = ask("sweep_fake_runner:broken")
    asked.pool.obey(StartWorker(0))
    said = r"worker 0 can't start: ImportError: no module named jax\. .*worker-0\.log"
    with pytest.raises(ClusterError, match=said):
        asked.wait(is_over)


def test_a_gpu_worker_whose_jax_sees_no_gpu_stops_and_says_what_to_install(ask, monkeypatch):
    monkeypatch.delenv("SWEEP_LOGICAL_GPUS")
    asked = ask(gpus=1)
    asked.pool.obey(StartWorker(0))
    with pytest.raises(ClusterError, match=r"JAX sees none\. .*pip install '\.\[cuda13\]'"):
        asked.wait(is_over)


def test_a_runner_that_breaks_down_takes_its_worker_with_it(ask):
    asked = ask("sweep_fake_runner:CrashingRunner")
    asked.start(0)
    (down,) = of(asked.run(0, a=("rows", 1)), WorkerDown)
    assert down.reason == "worker 0 broke down: RuntimeError: a fault of the runner itself"
    assert down.charged


def test_killing_the_pool_reports_every_worker_down_and_charges_nobody(ask):
    asked = ask()
    asked.start(0, 1)
    downs = asked.pool.kill()
    assert [(down.worker, down.charged) for down in downs] == [(0, False), (1, False)]
    assert asked.pool.events(0.0) == []
