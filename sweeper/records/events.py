"""What the driver hears: from its workers, and from the user."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sweeper.records.plain import Value, pickles_fast
from sweeper.records.states import AttemptState


@dataclass(frozen=True, slots=True)
class Device:
    """What a worker found itself on: host name, core numbers, GPU identities (UUID or index)."""

    host: str
    pid: int
    cores: tuple[int, ...] = ()
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTrial:
    """A trial that is there to lease, as far as that takes to know it.

    number: of its next attempt.
    group: equal for those of its batch and text that a lease may hold together.
    fills: whether a lease of its group should fill a worker's slots.
    cohort: number of the cohort that it is compared in, None where there is none.
    """

    id: str
    ordinal: int
    text_id: str
    number: int
    group: Hashable
    fills: bool = True
    cohort: int | None = None


@dataclass(frozen=True, slots=True)
class Mate:
    """A trial of a cohort, as far as earlier drivers brought it.

    values: (rung, the objective there) of each rung so far.
    past: the last rung that it has gone on from, 0 where none.    over: it has come to its end.
    """

    trial: str
    ordinal: int
    cohort: int
    values: tuple[tuple[int, float], ...] = ()
    past: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """These trials, a batch, are there to lease from now on.

    trials: in the order of their ordinals, which are higher than those of all that came before.
    is_last: nothing is to come after them.
    mates: what is known of trials of their cohorts, themselves among them.
    """

    trials: tuple[NewTrial, ...]
    is_last: bool
    time: float
    mates: tuple[Mate, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerUp:
    """A worker is ready for a lease."""

    worker: int
    device: Device
    time: float


@dataclass(frozen=True, slots=True)
class WorkerDown:
    """A worker's process is gone.

    charged: False where its end says nothing about its trials (preemption, a lost node).
    """

    worker: int
    reason: str
    charged: bool
    time: float


@pickles_fast
@dataclass(frozen=True, slots=True)
class Began:
    """An attempt started to build."""

    worker: int
    trial: str
    attempt: int
    time: float


@pickles_fast
@dataclass(frozen=True, slots=True)
class Built:
    """An attempt's experiment was built: its text is good.

    slots: how many trials of this text the worker runs side by side, as one program.
    """

    worker: int
    trial: str
    attempt: int
    time: float
    slots: int = 1


# Not frozen, which would make it in 0.8 µs instead of 0.15, and rows are most of what travels.
@pickles_fast
@dataclass(slots=True, unsafe_hash=True)
class Row:
    """One record of a trial's channels, which nobody changes. epoch 0 is before training.

    channels: names, in order; rows of one shape share the tuple.
    data: the channels' values, packed as native float64 (`array("d").tobytes()`).
    """

    trial: str
    attempt: int
    phase: int
    epoch: int
    time: float
    channels: tuple[str, ...]
    data: bytes


@pickles_fast
@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt is over in its worker.

    outcome: FINISHED, STOPPED, FAILED or INTERRUPTED.
    kind: "input" where building failed because of what the user wrote, "limit" where it passed the
        header's, "error" for any other exception.
    message: one paragraph.    traceback: "" where there is none.
    info: facts worth keeping (seconds to build, mode of the engine), plain values.
    """

    worker: int
    trial: str
    attempt: int
    outcome: AttemptState
    time: float
    kind: Literal["", "input", "error", "limit"] = ""
    message: str = ""
    traceback: str = ""
    info: Mapping[str, Value] = field(default_factory=dict)


@pickles_fast
@dataclass(frozen=True, slots=True)
class AtRung:
    """An attempt waits at a rung, the last of `values`: (rung, the objective there) of each so far.

    It is held in its worker until a lease names it again.
    """

    worker: int
    trial: str
    attempt: int
    values: tuple[tuple[int, float], ...]
    time: float


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """A worker has come to the end of its lease and waits for the next."""

    worker: int
    time: float


@dataclass(frozen=True, slots=True)
class Overdue:
    """An attempt has passed the header's limit. reason: one paragraph."""

    worker: int
    trial: str
    attempt: int
    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class Runaway:
    """A worker has to be ended: an attempt does not end, though it was asked to, or takes too much.

    reason: one paragraph, for the attempts that were not asked by themselves.
    is_sure: False where it may be what earlier trials left in the process.
    """

    worker: int
    reason: str
    time: float
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Drain:
    """The user (Ctrl-C), or a fault that ends the sweep, asks for an orderly end.

    reason: shown to the user and kept with the run.
    """

    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """The user asks that these trials do not run, or run no longer (`sweep stop RUN TRIAL...`)."""

    trials: tuple[str, ...]
    time: float


Event: TypeAlias = (
    Proposed
    | WorkerUp
    | WorkerDown
    | Began
    | Built
    | AtRung
    | Ended
    | LeaseOver
    | Overdue
    | Runaway
    | Drain
    | Cancel
)
