"""What a trial's rows come to: best, last, epochs. One pass over the store, no pandas.

NaN and infinity are numbers that were recorded, and come after every finite one.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sweeper.records import Objective, Row
    from sweeper.store.base import StoreReader


@dataclass(slots=True)
class TrialSummary:
    """One trial's rows, summed up; None where there was nothing.

    best: the objective's best value, and the epoch of the first row that has it.
    last: the objective in the last row that has it.    strays: rows in which it is not finite.
    last_rows: the last row of each shape.    phases: the last epoch of each phase.
    """

    best: float | None = None
    best_epoch: int | None = None
    last: float | None = None
    strays: int = 0
    last_rows: dict[tuple[str, ...], Row] = field(default_factory=dict)
    phases: dict[int, int] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Epochs trained, over all phases."""
        return sum(self.phases.values())

    @property
    def finals(self) -> dict[str, float]:
        """The last value of each channel, in the channels' order."""
        found: dict[str, float] = {}
        for row in self.last_rows.values():
            found.update(zip(row.channels, values(row), strict=True))
        return found


def values(row: Row) -> tuple[float, ...]:
    """The row's numbers, one a channel."""
    return struct.unpack(f"{len(row.channels)}d", row.data)


def order(value: float, mode: Literal["min", "max"]) -> tuple[int, float]:
    """A key that sorts values best first: the finite ones, then the infinite ones, then NaN."""
    if math.isnan(value):
        return 2, 0.0
    return int(math.isinf(value)), value if mode == "min" else -value


def summaries(
    store: StoreReader, objective: Objective | None, trial: str | None = None
) -> dict[str, TrialSummary]:
    """The summary of each trial that has rows, or of one trial."""
    found: dict[str, TrialSummary] = {}
    places: dict[tuple[str, ...], int] = {}  # offset of the objective in a row's bytes, or -1
    for row in store.rows(trial):
        summary = found.get(row.trial)
        if summary is None:
            summary = found[row.trial] = TrialSummary()
        summary.phases[row.phase] = row.epoch
        # Put last what came last, so that `finals` ends with the newest values.
        summary.last_rows.pop(row.channels, None)
        summary.last_rows[row.channels] = row
        if objective is None:
            continue
        place = places.get(row.channels)
        if place is None:
            place = places[row.channels] = _place(row.channels, objective)
        if place >= 0:
            _take(summary, row.epoch, struct.unpack_from("d", row.data, place)[0], objective.mode)
    return found


def _place(channels: tuple[str, ...], objective: Objective) -> int:
    return 8 * channels.index(objective.channel) if objective.channel in channels else -1


def _take(summary: TrialSummary, epoch: int, value: float, mode: Literal["min", "max"]) -> None:
    summary.last = value
    summary.strays += not math.isfinite(value)
    if summary.best is None or order(value, mode) < order(summary.best, mode):
        summary.best, summary.best_epoch = value, epoch
