"""What a place to run offers: a Ray cluster for a driver, and how a driver gets there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self

from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sweeper.records import Placed, Resources, SweepSpec


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to divide. cores: their numbers.    gpus: how many."""

    cores: tuple[int, ...]
    gpus: int


class Cluster(Protocol):
    """A Ray cluster that this process is connected to while it is entered.

    workers: how many fit.    cores: to pin workers to, empty for none.
    scratch: a short folder on the workers' own disk, there while the cluster is entered.
    """

    workers: int
    cores: tuple[int, ...]
    scratch: str

    def __enter__(self) -> Self:
        """Start or join it. Raises ClusterError."""

    def check(self) -> None:
        """Raise ClusterError once the cluster is lost; called all the time."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave it, and end what was started."""


# ------------------------------------------------------------------ a driver that runs elsewhere
@dataclass(frozen=True, slots=True)
class Order:
    """A run whose driver is to be put somewhere.

    run_dir: the run's folder here, absolute.    spec_path: absolute.    defines: of `-D`.
    trials: how many are to run.    workers: as the user asked, None for as many as fit.
    has_folder: the run's store is in run_dir already and the driver's host shares that disk.
    before: where the run was put the last time; this order goes on with it (`sweep resume`).
    code_changed_ok: go on although modules beside the spec are not those that the run began with.
    """

    run_dir: Path
    spec_path: Path
    defines: Mapping[str, str]
    header: SweepSpec
    trials: int
    workers: int | None = None
    has_folder: bool = False
    before: Placed | None = None
    code_changed_ok: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What a queue says of a driver. words: its own, such as the reason why it waits."""

    state: Literal["waiting", "running", "over", "unknown"]
    words: str = ""


class Launcher(Protocol):
    """Puts a run's driver somewhere else, and reaches it from the user's shell.

    Every method may raise InputError (a wrong option, no such program) and ClusterError (what is
    asked does not answer).
    """

    has_folder: bool
    """Whether the driver's host shares the disk of the run's folder."""

    def describe(self, order: Order) -> str:
        """What `submit` would send, for a person to read: a script, a YAML file, a manifest."""

    def submit(self, order: Order) -> Placed:
        """Put the driver there. Where it raises nothing is left running."""

    def look(self, placed: Placed) -> Job:
        """What the queue says of it now."""

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver to end in order, or to end some trials; what was done, in one line.

        A driver that only waits in a queue is cancelled.
        """

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Bring the newest snapshot into run_dir; nothing to do on a shared disk."""

    def down(self, placed: Placed) -> str:
        """End what costs money or holds an allocation; what was done, in one line."""


def asked_words(trials: tuple[str, ...]) -> str:
    """What a driver was asked by `stop`, for a person; follows "was asked"."""
    return f"to end {', '.join(trials)}" if trials else "to save what runs and end"


def check_parts(header: SweepSpec) -> None:
    """Raise InputError for a rule across trials: no driver of a part sees all of them."""
    if header.max_failures is not None:
        raise InputError(
            "sweep.max_failures: counts the failed trials of the whole sweep, which no task of a"
            " job array sees: each drives its own share. Remove it, or write `form: allocation` in"
            " the cluster file."
        )


def count_workers(resources: Resources, room: Room, *, wanted: int | None, trials: int) -> int:
    """How many workers to start: as many as fit and have something to do, or `wanted`.

    Where workers have GPUs these alone count, and the cores are shared.
    Raises InputError where a worker does not fit, or fewer than `wanted` do.
    """
    possible = _possible(resources, room)
    if wanted is not None and wanted > possible:
        fit = "fits" if possible == 1 else "fit"
        raise InputError(
            f"workers: {wanted} were asked for, but {possible} {fit} here: each takes"
            f" {_each(resources)}, of {_all(room, resources)}. Ask for fewer workers, or give each"
            " less under `resources` in the spec's header."
        )
    return max(1, min(trials, possible if wanted is None else wanted))


def check_device(resources: Resources) -> None:
    """Raise InputError where `device` and `gpus` contradict each other."""
    if resources.device == "gpu" and not resources.gpus:
        raise InputError(
            "sweep.resources: `device: gpu` needs a GPU for each worker: add `gpus: 1`"
            " (or a fraction, for workers that share one)."
        )


def share_gpus(each: float, gpus: int) -> int:
    """How many workers `gpus` GPUs are enough for; `each` takes so many, > 0, or a fraction."""
    # Workers that take more than half of a GPU don't share it.
    return gpus // int(each) if each >= 1 else gpus * int(1 / each + 1e-9)


def _possible(resources: Resources, room: Room) -> int:
    check_device(resources)
    if resources.gpus:
        possible = share_gpus(resources.gpus, room.gpus)
    else:
        possible = len(room.cores) // resources.cpus
    if possible:
        return possible
    there = "there is" if _number(room, resources) == 1 else "there are"
    raise InputError(
        f"sweep.resources: a worker takes {_each(resources)}, but {there} only"
        f" {_all(room, resources)}. Ask for less under `resources` in the spec's header."
    )


def _each(resources: Resources) -> str:
    if resources.gpus:
        return f"{resources.gpus:g} GPU{'s' * (resources.gpus > 1)}"
    return f"{resources.cpus} core{'s' * (resources.cpus != 1)}"


def _all(room: Room, resources: Resources) -> str:
    number = _number(room, resources)
    return f"{number} {'GPU' if resources.gpus else 'core'}{'s' * (number != 1)}"


def _number(room: Room, resources: Resources) -> int:
    return room.gpus if resources.gpus else len(room.cores)
