"""The epochs of a trial, as rules count them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epochs:
    """Epochs in which a channel was recorded: those of a trial's phases go on from one another.

    A phase that does not record the channel, as one of pretraining may not, counts for nothing.
    before: of earlier phases.    phase, epoch: of the last row that had the channel.
    """

    before: int = 0
    phase: int = 0
    epoch: int = 0

    @property
    def now(self) -> int:
        """How many there were by the last row."""
        return self.before + self.epoch


START = Epochs()


def count(epochs: Epochs, phase: int, epoch: int) -> Epochs:
    """The epochs after a row that has the channel."""
    before = epochs.before if phase == epochs.phase else epochs.now
    return Epochs(before, phase, epoch)
