"""How many workers fit on a machine: what each takes, of what there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.records import Resources


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to divide. cores: their numbers.    gpus: how many."""

    cores: tuple[int, ...]
    gpus: int


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
