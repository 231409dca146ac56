"""A runner without an engine: a trial's first token says what it does, the second how much."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from array import array

from sweeper.records import AttemptState, Began, Built, Ended, Row
from sweeper.workers import logs

CHANNELS = ("valid_error", "epoch_seconds")


class FakeRunner:
    def __init__(self, setup, worker):
        self.setup = setup
        self.worker = worker

    def run(self, tasks, texts, interrupted):
        for task in tasks:
            if interrupted.is_set():
                return
            if interrupted.names(task.trial):
                key = (self.worker, task.trial, task.number)
                yield Ended(*key, AttemptState.INTERRUPTED, time.time())
                continue
            assert task.text_id in texts
            yield from self.attempt(task, sorted(texts), interrupted)

    def attempt(self, task, texts, interrupted):
        do, much = task.tokens[:2]
        eaten = []
        key = (self.worker, task.trial, task.number)
        yield Began(*key, time.time())
        if do == "bad":
            message = f"grid.yaml.j2, line 5: no class {much!r}"
            yield Ended(*key, AttemptState.FAILED, time.time(), "input", message)
            return
        yield Built(*key, time.time())
        if do == "fail":
            yield Ended(*key, AttemptState.FAILED, time.time(), "error", "ValueError: oops", "Tr")
            return
        if do == "forks and dies":
            fork_and_die()
        if do == "die" or (do == "die once" and task.number == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if do == "print":
            logs.speak_as(f"{task.trial}.a{task.number}")
            print(f"hello {much}")
            print("to stderr", file=sys.stderr)
            os.write(1, b"from C\n")
            threading.Thread(target=print, args=("from a thread",)).start()
        if do == "score":
            time.sleep(random.uniform(0.0, 0.03))
            data = array("d", [much, 0.5]).tobytes()
            yield Row(task.trial, task.number, 0, 1, time.time(), CHANNELS, data)
            yield Ended(*key, AttemptState.FINISHED, time.time())
            return
        for epoch in range(much if do in {"rows", "sleep"} else 3):
            if do == "sleep":
                time.sleep(0.05)
            if do == "stuck":
                time.sleep(1000)
            if do == "holds":  # Python's lock, in C code
                sum(range(10**15))
            if do == "eats":
                eaten.append(b"x" * (much << 20))
                time.sleep(1000)
            data = array("d", [1.0 / (epoch + 1) + task.number, 0.5])
            yield Row(task.trial, task.number, 0, epoch, time.time(), CHANNELS, data.tobytes())
            if interrupted.of(task.trial):
                yield Ended(*key, AttemptState.INTERRUPTED, time.time())
                return
        info = {
            "texts": texts,
            "cores": sorted(os.sched_getaffinity(0)),
            "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "omp": os.environ.get("OMP_NUM_THREADS"),
            "flags": os.environ.get("PYTENSOR_FLAGS"),
            "jax": os.environ.get("JAX_PLATFORMS"),
        }
        yield Ended(*key, AttemptState.FINISHED, time.time(), info=info)


def fork_and_die():
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)  # with all that the worker had open
    os.kill(os.getpid(), signal.SIGKILL)


def broken(setup, worker):
    raise ImportError("no module named jax")


class CrashingRunner:
    """Raises outside of any trial."""

    def __init__(self, setup, worker):
        self.worker = worker

    def run(self, tasks, texts, interrupted):
        yield Began(self.worker, tasks[0].trial, tasks[0].number, time.time())
        raise RuntimeError("a fault of the runner itself")
