"""Commands to Ray calls, Ray's answers to events.

Each worker has one answer that is waited for: its hello, its lease's stream, or a ping. An answer
of a process that was given up is never looked at again.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    OutOfMemoryError,
    RayActorError,
    RayTaskError,
)

from sweeper.host import guard
from sweeper.records import (
    Command,
    EndWorker,
    Event,
    ExperimentText,
    Extend,
    InterruptTrial,
    InterruptWorker,
    Lease,
    LeasedTrial,
    LeaseOver,
    Row,
    StartWorker,
    TrialTask,
    WorkerDown,
    WorkerUp,
)
from sweeper.records.errors import ClusterError, InputError, SweepError
from sweeper.workers.actor import WorkerActor
from sweeper.workers.pool import deaths, stuck
from sweeper.workers.pool.setup import PoolSetup
from sweeper.workers.process import settings

CONTROL = "control"

Item: TypeAlias = Event | Row


@dataclass(slots=True)
class _Process:
    """A worker's process, as the pool holds it. awaited: an answer, or a stream of them.

    pid: 0 until it is up.    host: its name, "" before.
    """

    actor: Any
    pid: int = 0
    host: str = ""
    awaited: Any = None
    lease: int = 0
    pinged: bool = False


class Pool:
    """The workers of one sweep on the Ray cluster that this process is connected to."""

    def __init__(
        self,
        setup: PoolSetup,
        *,
        task_of: Callable[[LeasedTrial], TrialTask],
        texts: Mapping[str, ExperimentText],
    ) -> None:
        self._setup = setup
        self._task_of = task_of
        self._texts = texts
        self._processes: dict[int, _Process] = {}
        # Calls of the group "control" are answered while a lease runs.
        self._actor_class = ray.remote(concurrency_groups={CONTROL: 1})(WorkerActor)

    # -------------------------------------------------------------- commands
    def obey(self, command: Command) -> None:
        """Carry out a command; EndSweep is the driver's own."""
        match command:
            case StartWorker(worker):
                self._start(worker)
            case Lease(worker, attempts):
                self._lease(worker, attempts)
            case Extend(worker, attempts):
                self._extend(worker, attempts)
            case InterruptWorker(worker):
                self._interrupt(worker)
            case InterruptTrial(worker, trial):
                self._interrupt(worker, trial)
            case EndWorker(worker):
                self._end(worker, is_stuck=True)

    def _start(self, worker: int) -> None:
        setup = self._setup
        resources = setup.resources
        environ = settings.of_process(resources, setup.environ)
        environ[guard.MARK] = secrets.token_hex(8)  # of one process, and of what it starts
        actor = self._actor_class.options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": environ},
        ).remote(self._setup.of_worker(worker))
        self._processes[worker] = _Process(actor, awaited=actor.hello.remote())

    def _lease(self, worker: int, attempts: tuple[LeasedTrial, ...]) -> None:
        process = self._processes[worker]
        tasks = tuple(self._task_of(one) for one in attempts)
        process.lease += 1
        texts = {task.text_id: self._texts[task.text_id] for task in tasks}
        call = process.actor.lease.options(num_returns="streaming")
        process.awaited = call.remote(process.lease, tasks, texts)

    def _extend(self, worker: int, attempts: tuple[LeasedTrial, ...]) -> None:
        process = self._processes[worker]
        tasks = tuple(self._task_of(one) for one in attempts)
        process.actor.extend.options(concurrency_group=CONTROL).remote(process.lease, tasks)

    def _interrupt(self, worker: int, trial: str | None = None) -> None:
        process = self._processes.get(worker)
        if process is not None:
            call = process.actor.interrupt.options(concurrency_group=CONTROL)
            call.remote(process.lease, trial)

    # -------------------------------------------------------------- events
    def events(self, timeout_s: float) -> list[Item]:
        """What the workers said; waits up to `timeout_s` for the first of it.

        Raises ClusterError where a worker can't work at all (wrong devices, failed import).
        """
        heard: list[Item] = []
        waiting = {
            process.awaited: number
            for number, process in self._processes.items()
            if process.awaited is not None
        }
        if not waiting:
            time.sleep(timeout_s)
            return heard
        ready, _ = ray.wait(list(waiting), num_returns=1, timeout=timeout_s)
        if ready and len(waiting) > 1:
            ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
        for answer in ready:
            heard.extend(self._hear(waiting[answer]))
        return heard

    def _hear(self, worker: int) -> list[Item]:
        """Read a worker's answer, which is there."""
        process = self._processes[worker]
        is_stream = isinstance(process.awaited, ray.ObjectRefGenerator)
        try:
            said = ray.get(next(process.awaited) if is_stream else process.awaited)
        except ActorUnavailableError:
            return self._ask_again(worker, process)
        except ActorDiedError as error:
            deaths.check_own_node(error)
            return self._bury(
                worker, deaths.last_words(worker, error), charged=deaths.is_charged(error)
            )
        except OutOfMemoryError as error:
            charged = deaths.is_hungriest(process.pid, str(error))
            return self._bury(worker, deaths.memory_words(worker, error), charged=charged)
        except (RayTaskError, StopIteration) as error:
            return self._mistrust(worker, error, is_stream=is_stream)
        if is_stream:
            if isinstance(said[-1], LeaseOver):
                process.awaited = None
            return list(said)
        if process.pinged:
            # It lives, but what it said meanwhile is lost.
            return self._bury(worker, f"lost touch with worker {worker}", charged=False)
        process.awaited, process.pid, process.host = None, said.pid, said.host
        return [WorkerUp(worker, said, time.time())]

    def _ask_again(self, worker: int, process: _Process) -> list[Item]:
        """Find out whether a worker that can't be reached is dead: Ray will know in time."""
        if process.pinged:
            time.sleep(0.1)
        process.pinged = True
        process.awaited = process.actor.ping.options(concurrency_group=CONTROL).remote()
        return []

    def _mistrust(self, worker: int, error: Exception, *, is_stream: bool) -> list[Item]:
        """Deal with an exception of the worker's own code, outside of any trial."""
        if isinstance(error, InputError):
            raise InputError(deaths.cause_of(error)) from error
        if isinstance(error, SweepError):
            raise ClusterError(f"worker {worker}: {deaths.cause_of(error)}") from error
        if not is_stream:
            raise ClusterError(
                f"worker {worker} can't start: {deaths.cause_of(error)}."
                f" Its log may say more: {self._setup.of_worker(worker).log}"
            ) from error
        return self._bury(
            worker, f"worker {worker} broke down: {deaths.cause_of(error)}", charged=True
        )

    def _bury(self, worker: int, reason: str, *, charged: bool) -> list[Item]:
        self._end(worker)
        return [WorkerDown(worker, reason, charged, time.time())]

    # -------------------------------------------------------------- the end
    def kill(self) -> list[Item]:
        """End every process at once; the events that say so, charged to nobody."""
        down: list[Item] = []
        for worker in list(self._processes):
            down.extend(self._bury(worker, f"worker {worker} was ended", charged=False))
        return down

    def _end(self, worker: int, *, is_stuck: bool = False) -> None:
        process = self._processes.pop(worker)
        is_here = process.host == socket.gethostname() and process.pid > 0
        if is_stuck and is_here:
            stuck.write_stack(process.pid)
        with contextlib.suppress(RayActorError, ValueError):
            ray.kill(process.actor, no_restart=True)
        if is_stuck and is_here:
            stuck.end(process.pid)
