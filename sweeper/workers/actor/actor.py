"""The Ray actor: one long-lived process that runs leases and streams their events.

A lease is one call whose answer is a stream of batches of events. Trials run in a thread of
their own; what they yield is sent every `FLUSH_S`, and at once where the driver waits for it or
`FLUSH_AT` items have gathered: it takes in some trials of a lease while the others run.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sweeper.host import cores, descendants, gpus, guard, left_overs
from sweeper.records import Device, ExperimentText, LeaseOver, TrialTask
from sweeper.workers.actor.memory import Gauge
from sweeper.workers.actor.outbox import Item
from sweeper.workers.actor.search_path import put_libraries_first
from sweeper.workers.actor.setup import WorkerSetup
from sweeper.workers.actor.trials import TrialThread
from sweeper.workers.interruption import Interruption
from sweeper.workers.logs import WorkerLog
from sweeper.workers.process import devices, settings, standard_input

FLUSH_S = 0.2


class WorkerActor:
    """Methods are called by the pool; `extend`, `interrupt` and `ping` in a group of their own.

    Nothing happens in the constructor, so that what goes wrong arrives as itself.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._log = WorkerLog()
        self._gauge = Gauge(setup.number, setup.runner.memory)
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
        standard_input.empty()
        if mark := os.environ.get(guard.MARK):
            guard.start(mark)
        descendants.adopt()
        sys.argv[:] = [setup.runner.spec_path]  # Ray's own words would reach a user's parser
        if given_gpus is None:
            put_libraries_first()
        given = tuple(str(one) for one in (_ray_gpus() if given_gpus is None else given_gpus))
        devices.check_visible(given, os.environ)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        floatX, precision = setup.runner.floatX, setup.runner.precision
        os.environ.update(settings.of_host(floatX, scratch, os.environ, precision))
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
            over = self._gauge.look(is_first=number == len(self._given[1]) == 1)
            if over is not None:
                yield [over]

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
