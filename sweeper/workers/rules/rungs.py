"""The rungs that one trial has come to: epochs at which a cohort is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.workers.rules.epochs import START, Epochs, count

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Climb:
    """How far a trial has come.

    values: (rung, the objective there) of each rung so far.
    missed: the first rung that went by without the objective, 0 where none did.
    """

    epochs: Epochs = START
    values: tuple[tuple[int, float], ...] = ()
    missed: int = 0

    @property
    def top(self) -> int:
        """The last rung that it has come to, 0 before the first."""
        return self.values[-1][0] if self.values else 0


BELOW = Climb()


def climb(climb: Climb, rungs: Sequence[int], phase: int, epoch: int, value: float) -> Climb:
    """Look at a row that has the objective. rungs: growing."""
    epochs = count(climb.epochs, phase, epoch)
    before, now = climb.epochs.now, epochs.now
    missed = climb.missed or next((rung for rung in rungs if before < rung < now), 0)
    values = climb.values
    if now in rungs and now > climb.top:
        values = (*values, (now, value))
    return Climb(epochs, values, missed)
