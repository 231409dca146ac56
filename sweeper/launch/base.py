"""What a place to run offers: a Ray cluster, and how many workers it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from sweeper.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

    from sweeper.records import Resources


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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave it, and end what was started."""


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


def _possible(resources: Resources, room: Room) -> int:
    if resources.device == "gpu" and not resources.gpus:
        raise InputError(
            "sweep.resources: `device: gpu` needs a GPU for each worker: add `gpus: 1`"
            " (or a fraction, for workers that share one)."
        )
    if resources.gpus:
        # Workers that take more than half of a GPU don't share it.
        possible = (
            room.gpus // int(resources.gpus)
            if resources.gpus >= 1
            else room.gpus * int(1 / resources.gpus + 1e-9)
        )
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
