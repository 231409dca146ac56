"""The Ray actor: one long-lived process that runs leases and streams their events.

A lease is one call whose answer is a stream of batches of events. Trials run in a thread of
their own; what they yield is sent every `FLUSH_S`, and at once where the driver waits for it or
`FLUSH_AT` items have gathered: it takes in some trials of a lease while the others run.
"""

from __future__ import annotations

import gc
import importlib
import os
import queue
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from sweeper.host import cores, gpus, left_overs
from sweeper.records import (
    Built,
    Device,
    Event,
    ExperimentText,
    LeaseOver,
    Resources,
    Row,
    RunnerSetup,
    TrialTask,
)
from sweeper.workers import devices, environment
from sweeper.workers.interruption import Interruption
from sweeper.workers.logs import WorkerLog

FLUSH_S = 0.2
FLUSH_AT = 1000

Item: TypeAlias = Event | Row


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker needs to start.

    cores: the cores to pin to, empty for no pinning.
    log: its log file.    scratch: folder for compiled code, this worker's alone.
    runner_factory: "module:callable"; called with (runner, number) after the imports.
    finds_cores: it claims cores on its host by itself; scratch is two folders below one that all
    workers of this user share there.
    """

    number: int
    runner: RunnerSetup
    resources: Resources
    cores: tuple[int, ...]
    log: str
    scratch: str
    runner_factory: str
    finds_cores: bool = False


class Runner(Protocol):
    """What runs trials in this process, see sweeper.workers.runner."""

    def run(
        self,
        tasks: Sequence[TrialTask],
        texts: Mapping[str, ExperimentText],
        interrupted: Interruption,
    ) -> Iterator[Item]:
        """Run each task; yield its Began, Built, Rows and Ended. `tasks` may grow meanwhile."""


class Outbox:
    """What trials yield, on its way out: one thread puts, another takes."""

    def __init__(self) -> None:
        self._items: deque[Item | BaseException] = deque()
        self._urgent = threading.Event()

    def put(self, item: Item | BaseException, *, urgent: bool) -> None:
        """Add an item; an urgent one is taken at once, and so are `FLUSH_AT`."""
        self._items.append(item)
        if urgent or len(self._items) == FLUSH_AT:
            self._urgent.set()

    def take(self, timeout_s: float) -> list[Item]:
        """What came within `timeout_s`, or until it had to be taken at once."""
        self._urgent.wait(timeout_s)
        self._urgent.clear()
        taken: list[Item] = []
        while self._items:
            item = self._items.popleft()
            if isinstance(item, BaseException):
                if not taken:
                    raise item
                self._items.appendleft(item)  # after what came before it
                self._urgent.set()
                break
            taken.append(item)
        return taken


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
            self._ready.put(fault)
            return
        self._ready.put(None)
        while True:
            tasks, texts = self._inbox.get()
            try:
                self._run(runner, tasks, texts)
            except BaseException as fault:  # told to the driver, which replaces this worker
                traceback.print_exc()
                self.outbox.put(fault, urgent=True)

    def _run(
        self, runner: Runner, tasks: list[TrialTask], texts: Mapping[str, ExperimentText]
    ) -> None:
        first = tasks[0].trial
        for item in runner.run(tasks, texts, self.interrupted):
            # The driver fills the other slots of the first trial's pack, which it knows of by this.
            self.outbox.put(item, urgent=isinstance(item, Built) and item.trial == first)
        self.outbox.put(LeaseOver(self._setup.number, time.time()), urgent=True)


def make_runner(setup: WorkerSetup) -> Runner:
    """Import the factory and call it."""
    module, _, name = setup.runner_factory.partition(":")
    made: Runner = getattr(importlib.import_module(module), name)(setup.runner, setup.number)
    # What is loaded by now stays. To look through it again and again for garbage takes 0.1 s every
    # few trials: their graphs are made and thrown away.
    gc.collect()
    gc.freeze()
    return made


class WorkerActor:
    """Methods are called by the pool; `extend`, `interrupt` and `ping` in a group of their own.

    Nothing happens in the constructor, so that what goes wrong arrives as itself.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._log = WorkerLog()
        self._lease = 0
        self._given: tuple[int, list[TrialTask]] = (0, [])  # a lease, and its tasks
        # (lease, trial; None for all of it)
        self._interrupts: list[tuple[int, str | None]] = []
        self._trials: TrialThread | None = None

    def hello(self, given_gpus: Iterable[Any] | None = None) -> Device:
        """Take the cores and the log, check the devices, import the runner.

        given_gpus: ids of the GPUs; None asks Ray.
        Raises ClusterError where the devices are not the ones given.
        """
        setup = self._setup
        scratch = Path(setup.scratch)
        pinned = cores.pin(_find_cores(setup) if setup.finds_cores else setup.cores)
        self._log.take_over(Path(setup.log))
        given = tuple(str(one) for one in (_ray_gpus() if given_gpus is None else given_gpus))
        devices.check_visible(given, os.environ)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        floatX, precision = setup.runner.floatX, setup.runner.precision
        os.environ.update(environment.of_host(floatX, scratch, os.environ, precision))
        logical = gpus.are_logical(os.environ)
        if given and not logical:
            devices.check_platforms(devices.jax_platforms(), given, setup.resources)
        self._trials = TrialThread(setup)
        self._trials.wait_until_ready()
        names = given if logical or not given else gpus.uuids(given, gpus.listing())
        return Device(host=socket.gethostname(), pid=os.getpid(), cores=pinned, gpus=names)

    def lease(
        self, number: int, tasks: Sequence[TrialTask], texts: Mapping[str, ExperimentText]
    ) -> Iterator[list[Item]]:
        """Run `tasks`; yield batches of their events, the last one ending with LeaseOver.

        number: of the lease, growing.
        """
        trials = self._trials
        if trials is None:
            raise RuntimeError("a lease came before hello")
        trials.interrupted.clear()
        self._lease = number
        # `interrupt` runs in another thread and may overtake the lease that it means.
        self._interrupts = [one for one in self._interrupts if one[0] >= number]
        for of_lease, trial in self._interrupts:
            self._interrupt(trials.interrupted, of_lease, trial)
        self._given = number, trials.start(tasks, texts)
        while True:
            batch = trials.outbox.take(FLUSH_S)
            if batch:
                yield batch
            if batch and isinstance(batch[-1], LeaseOver):
                return

    def extend(self, number: int, tasks: Sequence[TrialTask]) -> None:
        """Add `tasks` to lease `number`, if that runs still."""
        of_lease, given = self._given  # at once: the next lease may be on its way in
        if of_lease == number:
            given.extend(tasks)

    def interrupt(self, number: int, trial: str | None = None) -> None:
        """Ask the attempts of lease `number` to end, or that of one trial in it."""
        self._interrupts.append((number, trial))
        if self._trials is not None:
            self._interrupt(self._trials.interrupted, number, trial)

    def _interrupt(self, interrupted: Interruption, number: int, trial: str | None) -> None:
        if number != self._lease:
            return
        if trial is None:
            interrupted.set()
        else:
            interrupted.ask(trial)

    def ping(self) -> int:
        """Tell that the process lives."""
        return os.getpid()


def _find_cores(setup: WorkerSetup) -> tuple[int, ...]:
    """Claim cores on this host, and see to it that the sweep's folder there is ours."""
    left_overs.enter(Path(setup.scratch).parent)
    return cores.claim(setup.resources.cpus, given=_ray_cores(), folder=cores.claims())


def _ray_cores() -> int:
    """How many cores this host lends to the cluster."""
    import ray

    here = ray.get_runtime_context().get_node_id()
    lent = next(node["Resources"] for node in ray.nodes() if node["NodeID"] == here)
    return int(lent.get("CPU", 0))


def _ray_gpus() -> list[Any]:
    import ray

    return list(ray.get_gpu_ids())
