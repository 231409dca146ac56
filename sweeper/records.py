"""The data that passes between the layers: records and nothing else, frozen but for `Row`.

Down go trials, up come events. All of it is plain data that pickles small.
Times are seconds since the Unix epoch, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

# None, bool, int, float, str, a list of values, or a map of names to values.
Value: TypeAlias = Any
Record = TypeVar("Record")


def pickles_fast(cls: type[Record]) -> type[Record]:
    """Pickle a frozen record as its class and its fields' values.

    What dataclasses do themselves takes twice as long, and 13 records travel for a small trial.
    """
    values = attrgetter(*(one.name for one in fields(cls)))  # type: ignore[arg-type]
    cls.__reduce__ = lambda self: (cls, values(self))  # type: ignore[method-assign]
    return cls


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414  (mypy: what is exported)
else:

    def replace(record, /, **changes):
        """What `dataclasses.replace` does for a record with slots, in half the time.

        A small trial goes through a dozen of them. Names are checked with the types, not here.
        """
        made = object.__new__(type(record))
        for name, get, put in _slots(type(record)):
            put(made, changes[name] if name in changes else get(record))
        return made


@cache
def _slots(cls: type) -> tuple[tuple[str, Any, Any], ...]:
    found = [(name, getattr(cls, name)) for name in cls.__slots__]  # type: ignore[attr-defined]
    return tuple((name, slot.__get__, slot.__set__) for name, slot in found)


# ------------------------------------------------------------------ the sweep
@dataclass(frozen=True, slots=True)
class Objective:
    """The channel that ranks trials. mode: which end is best."""

    channel: str
    mode: Literal["min", "max"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What one worker is given. gpus may be a fraction below 1, or a whole number."""

    cpus: int = 1
    gpus: float = 0.0
    device: Literal["auto", "gpu", "cpu"] = "auto"


@dataclass(frozen=True, slots=True)
class Checkpointing:
    """When a trial's state is saved: every so many epochs, or seconds; one of the two is None."""

    epochs: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """The header of a spec file, checked. Axes are kept apart, in `sweeper.spec.axes`.

    workers: None means as many as the resources allow.
    channels: globs of the channels to record.
    modules: what `!obj:` may import beside pylearn2core, pylearn2, numpy and the spec's folder.
    retries: how often a trial whose worker died is tried again.
    retry_on: also retry a Python exception when "error".
    max_failures: None means: the sweep ends when its first 10 trials all failed.
    repeat: number of seeds, 1 where the header has no `repeat`.
    pack: how many trials run as one program; None leaves it to the engine.
    precision: of the factors of float32 matrix products and convolutions, where the device has
    units for less.
    checkpoint: None: only a trial that is interrupted in an orderly way is saved.
    """

    name: str
    objective: Objective | None = None
    resources: Resources = Resources()
    workers: int | None = None
    channels: tuple[str, ...] = ("*",)
    modules: tuple[str, ...] = ()
    floatX: Literal["float32", "float64"] = "float32"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    retries: int = 1
    retry_on: Literal["lost", "error"] = "lost"
    max_failures: int | None = None
    repeat: int = 1
    pack: int | None = None
    checkpoint: Checkpointing | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of the sweep.

    id: hash of `values` alone.    ordinal: its place, from 0, for order and display.
    values: axis name to value, and `seed` where the sweep repeats.
    text_id: names the experiment's text with tokens, shared by trials of one shape.
    tokens: the value of each numbered token in that text, in order.
    """

    id: str
    ordinal: int
    values: Mapping[str, Value]
    text_id: str
    tokens: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ExperimentText:
    """An experiment, rendered once for all trials of its shape, with tokens for values.

    source: the spec file as the user named it.
    lines: for each line of `text`, its line in the spec file, from 1.
    """

    source: str
    text: str
    lines: tuple[int, ...]


@pickles_fast
@dataclass(frozen=True, slots=True)
class TrialTask:
    """What a worker needs to run one attempt.

    seed: of the trial's own global generators.
    pack: how many trials run as one program with it; None leaves it to the engine.
    known: (phase, epoch) of the last row that is recorded of earlier attempts, None where there
    is none: a checkpoint may be gone on from if no row is missing between the two.
    mates: how many trials of the whole sweep are likely to be one program; None: not known.
    """

    trial: str
    number: int
    text_id: str
    tokens: tuple[Value, ...]
    seed: int
    pack: int | None = None
    known: tuple[int, int] | None = None
    mates: int | None = None


@dataclass(frozen=True, slots=True)
class RunnerSetup:
    """What every trial of a sweep shares, as a worker needs it.

    run_dir: folder of the run; an attempt writes under `run_dir/trials/ID/aN/`.
    spec_path: of the spec file, absolute or from a worker's own working folder; its folder is
    importable and is read from.
    channels, modules, floatX, precision, checkpoint: as in SweepSpec.
    results: URL (fsspec) of a folder that outlives the workers' disks; an attempt's folder and its
    checkpoint are put under `results/trials/ID/aN/`. "" where run_dir is on a disk that all share.
    """

    run_dir: str
    spec_path: str
    channels: tuple[str, ...]
    modules: tuple[str, ...]
    floatX: Literal["float32", "float64"]
    checkpoint: Checkpointing | None = None
    results: str = ""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"


# ------------------------------------------------------------------ states
class TrialState(StrEnum):
    """PENDING -> LEASED -> RUNNING -> one of the final states."""

    PENDING = "pending"
    LEASED = "leased"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing but an explicit retry leads out of this state."""
        return self in _FINAL


_FINAL = {TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED, TrialState.CANCELLED}


class AttemptState(StrEnum):
    """RUNNING, then one of the rest, which never changes again."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether the attempt has come to its end."""
        return self is not AttemptState.RUNNING


# ------------------------------------------------------------------ events: worker to driver
@dataclass(frozen=True, slots=True)
class Device:
    """What a worker found itself on: host name, core numbers, GPU identities (UUID or index)."""

    host: str
    pid: int
    cores: tuple[int, ...] = ()
    gpus: tuple[str, ...] = ()


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

    outcome: FINISHED, FAILED or INTERRUPTED.
    kind: "input" where building failed because of what the user wrote, "error" for any other
        exception.    message: one paragraph.    traceback: in full, "" where there is none.
    info: facts worth keeping (seconds to build, mode of the engine), plain values.
    """

    worker: int
    trial: str
    attempt: int
    outcome: AttemptState
    time: float
    kind: Literal["", "input", "error"] = ""
    message: str = ""
    traceback: str = ""
    info: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """A worker has come to the end of its lease and waits for the next."""

    worker: int
    time: float


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


Event: TypeAlias = WorkerUp | WorkerDown | Began | Built | Ended | LeaseOver | Drain | Cancel


# ------------------------------------------------------------------ commands: scheduler to pool
@dataclass(frozen=True, slots=True)
class LeasedTrial:
    """One attempt of one trial, as it travels to a worker. number: of the attempt, from 1."""

    trial: str
    number: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Run these attempts on this worker, in this order."""

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
class EndSweep:
    """Nothing is left to do. reason: "" where every trial came to its end by itself."""

    reason: str


# ------------------------------------------------------------------ changes: scheduler to store
@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """Attempt `number` of a trial runs on a worker."""

    trial: str
    number: int
    worker: int
    device: Device
    time: float


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt is over, for good. Fields as in `Ended`."""

    trial: str
    number: int
    state: AttemptState
    time: float
    kind: str = ""
    message: str = ""
    traceback: str = ""
    info: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialChanged:
    """A trial has a new state."""

    trial: str
    state: TrialState
    time: float


Command: TypeAlias = Lease | StartWorker | InterruptWorker | InterruptTrial | EndSweep
Change: TypeAlias = AttemptStarted | AttemptEnded | TrialChanged | Row


# ------------------------------------------------------------------ what the store keeps
@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A run as the store keeps it.

    spec_path: the file as given.    spec_text: its whole text.    defines: of `-D name=value`.
    texts: text_id to the experiment's text.
    state: "created", "running", "finished", "interrupted" or "failed"; reason: why it ended.
    generation: grows with each driver.    heartbeat: when the driver last said it lives.
    code: sha256 of each module of the user's beside the spec.
    """

    name: str
    created: float
    spec_path: str
    spec_text: str
    defines: Mapping[str, str]
    objective: Objective | None
    repeat: int
    texts: Mapping[str, ExperimentText]
    state: str = "created"
    reason: str = ""
    generation: int = 0
    host: str = ""
    pid: int = 0
    heartbeat: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial as the store keeps it. attempts: number of its newest one, 0 before the first."""

    id: str
    ordinal: int
    values: Mapping[str, Value]
    text_id: str
    state: TrialState
    attempts: int


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt as the store keeps it. ended: None while it runs."""

    trial: str
    number: int
    state: AttemptState
    worker: int
    device: Device
    started: float
    ended: float | None
    kind: str
    message: str
    traceback: str
    info: Mapping[str, Value]
