"""What a store says where it can't do what is asked, whatever it is kept in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import FencedError, StoreBusyError, StoreError

if TYPE_CHECKING:
    from sweeper.records import SweepRecord


def missing(place: object, expected: str) -> StoreError:
    """There is nothing to open. expected: a sentence."""
    return StoreError(f"{place}: there is no store. {expected}")


def exists(place: object) -> StoreError:
    """A run would be made where there is one."""
    return StoreError(
        f"{place}: there is a store already. Go on with that run (sweep resume {_run(place)}), or"
        " launch into another folder."
    )


def busy(place: object, sweep: SweepRecord, now: float) -> StoreBusyError:
    """The run's driver lives."""
    silent = max(0, round(now - sweep.heartbeat))
    return StoreBusyError(
        f"{place}: a driver is alive on this run: process {sweep.pid} on host {sweep.host}, heard"
        f" {silent} s ago. Wait until it has ended, or end it: sweep stop {_run(place)}"
    )


def fenced(place: object, current: int, generation: int) -> FencedError:
    """A driver writes that was replaced."""
    return FencedError(
        f"{place}: another driver took this run over (its generation is {current}, this driver's"
        f" {generation}), so this one writes no more. `sweep status` says where it runs."
    )


def read_only(place: object) -> StoreError:
    """A reader writes."""
    return StoreError(f"{place}: was opened to be read, not written.")


def _run(place: object) -> object:
    """How a user names the run: by its folder, where the store is a file."""
    return place.parent if isinstance(place, Path) else place
