"""The thread that runs trials, and the runner that it imports."""

from __future__ import annotations

import gc
import importlib
import queue
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from sweeper.records import AtRung, Built, ExperimentText, LeaseOver, TrialTask, text
from sweeper.records.errors import SweepError
from sweeper.workers.actor.outbox import Item, Outbox
from sweeper.workers.actor.setup import WorkerSetup
from sweeper.workers.interruption import Interruption


class Runner(Protocol):
    """What runs trials in this process, see sweeper.workers.runner."""

    def run(
        self,
        tasks: Sequence[TrialTask],
        texts: Mapping[str, ExperimentText],
        interrupted: Interruption,
    ) -> Iterator[Item]:
        """Run each task; yield its Began, Built, Rows and Ended. `tasks` may grow meanwhile."""


class TrialThread:
    """The thread that runs leases, one after another, always the same."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.interrupted = Interruption()
        self.outbox = Outbox()
        self._setup = setup
        self._inbox: queue.SimpleQueue[tuple[list[TrialTask], Mapping[str, ExperimentText]]]
        self._inbox = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        threading.Thread(target=self._main, name="trials", daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return when the runner is imported; raise what its import raised."""
        fault = self._ready.get()
        if fault is not None:
            raise fault

    def start(
        self, tasks: Sequence[TrialTask], texts: Mapping[str, ExperimentText]
    ) -> list[TrialTask]:
        """Run a lease. texts: those of its tasks.

        What is added to the list that this returns runs too, unless the lease's last trial is over.
        """
        growing = list(tasks)
        self._inbox.put((growing, texts))
        return growing

    def _main(self) -> None:
        try:
            runner = make_runner(self._setup)
        except BaseException as fault:
            self._ready.put(as_told(fault))
            return
        self._ready.put(None)
        while True:
            tasks, texts = self._inbox.get()
            try:
                self._run(runner, tasks, texts)
            except BaseException as fault:  # told to the driver, which replaces this worker
                traceback.print_exc()
                self.outbox.put(as_told(fault), urgent=True)

    def _run(
        self, runner: Runner, tasks: list[TrialTask], texts: Mapping[str, ExperimentText]
    ) -> None:
        first = tasks[0].trial
        for item in runner.run(tasks, texts, self.interrupted):
            # The driver fills the other slots of the first trial's pack, which it knows of by this.
            shows_slots = isinstance(item, Built) and item.trial == first
            self.outbox.put(item, urgent=shows_slots or isinstance(item, AtRung))
        self.outbox.put(LeaseOver(self._setup.number, time.time()), urgent=True)


class WorkerFaultError(RuntimeError):
    """What broke a worker down, as text: not every exception can travel, or may."""


def as_told(fault: BaseException) -> Exception:
    """The fault, as itself if it is one of ours."""
    return fault if isinstance(fault, SweepError) else WorkerFaultError(text.told(fault))


def make_runner(setup: WorkerSetup) -> Runner:
    """Import the factory and call it."""
    module, _, name = setup.runner_factory.partition(":")
    made: Runner = getattr(importlib.import_module(module), name)(setup.runner, setup.number)
    # What is loaded by now stays. To look through it again and again for garbage takes 0.1 s every
    # few trials: their graphs are made and thrown away.
    gc.collect()
    gc.freeze()
    return made
