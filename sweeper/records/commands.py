"""What the scheduler asks of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sweeper.records.stopping import Stop


@dataclass(frozen=True, slots=True)
class LeasedTrial:
    """One attempt of one trial, as it travels to a worker. It may be one that waits there.

    number: of the attempt, from 1.    past: the last rung that it may go on from.
    stop: why it ends at the rung where it waits, None where it does not.
    """

    trial: str
    number: int
    past: int = 0
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Run these attempts on this worker, in this order."""

    worker: int
    attempts: tuple[LeasedTrial, ...]


@dataclass(frozen=True, slots=True)
class Extend:
    """Add these attempts to the lease that this worker runs, if it is not over by then."""

    worker: int
    attempts: tuple[LeasedTrial, ...]


@dataclass(frozen=True, slots=True)
class StartWorker:
    """Start (or replace) the worker with this number."""

    worker: int


@dataclass(frozen=True, slots=True)
class InterruptWorker:
    """Ask a worker to end its running attempts as interrupted."""

    worker: int


@dataclass(frozen=True, slots=True)
class InterruptTrial:
    """Ask a worker to end one running attempt as interrupted; the rest of its lease goes on."""

    worker: int
    trial: str


@dataclass(frozen=True, slots=True)
class EndWorker:
    """End a worker's process at once: what it runs does not come back. Nothing more is heard."""

    worker: int


@dataclass(frozen=True, slots=True)
class EndSweep:
    """Nothing is left to do. reason: "" where every trial came to its end by itself."""

    reason: str


Command: TypeAlias = (
    Lease | Extend | StartWorker | InterruptWorker | InterruptTrial | EndWorker | EndSweep
)
