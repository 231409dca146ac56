"""An attempt that runs or waits to be made, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.scheduler.batch import BatchTrial


class Why(Enum):
    """Why an attempt is leased.

    TURN: its turn has come.
    PROBE: to see whether its text is good: it is leased alone.
    WAS_PROBE: it was a probe when it was leased, and another one has proved its text since.
    FILLER: to fill a worker's slots, in a lease that ran and may have been over before it arrived.
    Of one that waits: it was, so that nothing speaks against it.
    AGAIN: an earlier attempt came to no end: it is leased alone, but for former fillers.
    """

    TURN = "turn"
    PROBE = "probe"
    WAS_PROBE = "was probe"
    FILLER = "filler"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that runs, or waits to be made.

    number: from 1, growing and never used again: there may be gaps.
    charges: losses laid to the trial.    began: when, None before.
    rung: where it waited last, 0 where it never did.
    overdue: which limit it has passed, so that it was asked to end; "" while it has passed none.
    is_doubted: its worker was ended before, for what earlier trials may have left there.
    is_blamed: it was alone in its lease then, so that no other trial can be the cause.
    """

    trial: BatchTrial
    number: int
    why: Why = Why.TURN
    charges: int = 0
    began: float | None = None
    is_doubted: bool = False
    rung: int = 0
    overdue: str = ""
    is_blamed: bool = False

    @property
    def is_first(self) -> bool:
        """Whether this driver has made no other attempt at the trial."""
        return self.number == self.trial.number

    @property
    def shows_slots(self) -> bool:
        """Whether its worker's slots are to be filled once it is built: they were not known."""
        return self.is_first and self.why in (Why.PROBE, Why.WAS_PROBE)

    @property
    def may_be_unheard(self) -> bool:
        """Whether the worker may never have heard of it: nobody's fault."""
        return self.why is Why.FILLER and self.began is None
