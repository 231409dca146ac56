"""What is to be done: the header, the trials, and what a worker needs to run one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sweeper.records.plain import Value, pickles_fast
from sweeper.records.stopping import NO_RULES, Stop, Stopping


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
class Limit:
    """What one trial may take; None where it may take what it wants.

    seconds: from its start.    stall: seconds without a row.
    memory: bytes of its worker's process, and of the processes that it started.
    """

    seconds: float | None = None
    stall: float | None = None
    memory: int | None = None


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
    stop: the rules that end trials before their time.
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
    limit: Limit = Limit()
    stop: Stopping = NO_RULES


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
    past, stop: as in `LeasedTrial`.
    """

    trial: str
    number: int
    text_id: str
    tokens: tuple[Value, ...]
    seed: int
    pack: int | None = None
    known: tuple[int, int] | None = None
    mates: int | None = None
    past: int = 0
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class RunnerSetup:
    """What every trial of a sweep shares, as a worker needs it.

    run_dir: folder of the run; an attempt writes under `run_dir/trials/ID/aN/`.
    spec_path: of the spec file, absolute or from a worker's own working folder; its folder is
    importable and is read from.
    channels, modules, floatX, precision, checkpoint, stop: as in SweepSpec.
    results: URL (fsspec) of a folder that outlives the workers' disks; an attempt's folder and its
    checkpoint are put under `results/trials/ID/aN/`. "" where run_dir is on a disk that all share.
    memory: bytes that a worker may take, None for what it wants.
    """

    run_dir: str
    spec_path: str
    channels: tuple[str, ...]
    modules: tuple[str, ...]
    floatX: Literal["float32", "float64"]
    checkpoint: Checkpointing | None = None
    results: str = ""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    memory: int | None = None
    stop: Stopping = NO_RULES
