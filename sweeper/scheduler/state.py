"""What the scheduler knows: what waits, what runs, what has ended.

It holds what is active, never a record a trial that is over: a step costs O(workers), and finished
trials are the store's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sweeper.records import Ending, EndKind, replace
from sweeper.scheduler.cohorts import NO_COHORTS, Cohorts

if TYPE_CHECKING:
    from sweeper.records import Device
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.backlog import Backlog

# A worker that dies so often in a row with nothing to do is not started again.
MAX_STUMBLES = 3


class WorkerState(Enum):
    """ABSENT -> STARTING -> IDLE <-> BUSY, and ABSENT again when the process is gone."""

    ABSENT = "absent"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker: what is known of its process, and what it was given.

    lease: its attempts that are not over, in order.
    held: its attempts that wait at a rung, in the order in which they came.
    stumbles: deaths in a row while it had nothing to do; after MAX_STUMBLES it is given up.
    """

    state: WorkerState = WorkerState.ABSENT
    device: Device | None = None
    lease: tuple[Attempt, ...] = ()
    held: tuple[Attempt, ...] = ()
    stumbles: int = 0

    @property
    def is_given_up(self) -> bool:
        """Whether it is not started again."""
        return self.state is WorkerState.ABSENT and self.stumbles >= MAX_STUMBLES


@dataclass(frozen=True, slots=True)
class Tally:
    """How many trials of the run came to which end, under earlier drivers too.

    echoes: those that failed and say of their text what another one had said.
    """

    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    echoes: int = 0

    @property
    def done(self) -> int:
        """All that came to their ends."""
        return self.finished + self.failed + self.cancelled


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes.

    total: trials of the run so far, those that are over among them.
    may_grow: more trials may be proposed.
    ending: why no more leases are given, None while they are.    over: EndSweep was given.
    cohorts: trials that rules compare.
    parked: attempts that waited at a rung, not judged yet, when their worker was lost.
    """

    workers: tuple[Worker, ...]
    backlog: Backlog
    total: int = 0
    tally: Tally = Tally()
    may_grow: bool = True
    ending: Ending | None = None
    over: bool = False
    cohorts: Cohorts = NO_COHORTS
    parked: tuple[Attempt, ...] = ()

    @property
    def running(self) -> int:
        """How many attempts have begun and are not over."""
        return sum(one.began is not None for worker in self.workers for one in worker.lease)

    @property
    def end(self) -> Ending:
        """How the sweep has ended, or will as far as is known."""
        fault = self.backlog.fault
        if self.ending is not None:
            return replace(self.ending, reason=self.ending.reason or fault)
        return Ending(EndKind.INPUT, fault) if fault else Ending(EndKind.FINISHED)


def set_worker(state: State, number: int, worker: Worker) -> State:
    """Put `worker` in place `number`."""
    workers = (*state.workers[:number], worker, *state.workers[number + 1 :])
    return replace(state, workers=workers)


def worker_at(state: State, number: int) -> Worker | None:
    """The worker with this number, None where there is none."""
    return state.workers[number] if 0 <= number < len(state.workers) else None
