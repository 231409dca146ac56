"""How a run ended: what the store keeps of it, and what everybody who tells it says.

The exit code of `launch`, `resume` and `watch`, and the words of `status`, follow from the kind
alone, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sweeper.records.states import TrialState


class EndKind(StrEnum):
    """Why no driver goes on with a run.

    FINISHED: every trial came to its end.    INTERRUPTED: a user wanted it.
    TIME_SHORT: the driver's place was short of time; whoever put it there starts it again.
    INPUT: the user's file, option or folder is wrong.    FAILURES: too many trials failed.
    STORE: nothing could be recorded any more.    CLUSTER: it gave way.
    TAKEN_OVER: another driver has the run.    CRASHED: our own fault.
    LOST: the driver ended without a word. No store says so: it is what a reader finds.
    """

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    TIME_SHORT = "time_short"
    INPUT = "input"
    FAILURES = "failures"
    STORE = "store"
    CLUSTER = "cluster"
    TAKEN_OVER = "taken_over"
    CRASHED = "crashed"
    LOST = "lost"

    @property
    def exit_code(self) -> int:
        """What a driver that ends so exits with, where no trial failed."""
        return _EXIT_CODES[self]


# 130 is a shell's code for Ctrl-C, 75 EX_TEMPFAIL of sysexits.h.
_EXIT_CODES = {
    EndKind.FINISHED: 0,
    EndKind.INTERRUPTED: 130,
    EndKind.TIME_SHORT: 75,
    EndKind.INPUT: 2,
    EndKind.FAILURES: 1,
    EndKind.STORE: 2,
    EndKind.CLUSTER: 3,
    EndKind.TAKEN_OVER: 3,
    EndKind.CRASHED: 1,
    EndKind.LOST: 3,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. reason: a paragraph for the user, "" where all trials came to their ends."""

    kind: EndKind
    reason: str = ""

    @property
    def is_interrupted(self) -> bool:
        """Whether it was in order, with something left to do."""
        return self.kind in (EndKind.INTERRUPTED, EndKind.TIME_SHORT)

    @property
    def word(self) -> str:
        """`finished`, `interrupted` or `failed`."""
        if self.kind is EndKind.FINISHED:
            return "finished"
        return "interrupted" if self.is_interrupted else "failed"

    @property
    def words(self) -> str:
        """The word and the reason, in one line."""
        if self.reason.startswith(self.word):  # "interrupted by Ctrl-C" says it by itself
            return self.reason
        return f"{self.word}: {self.reason}" if self.reason else self.word


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run. counts: its trials by state."""

    ending: Ending
    counts: Mapping[TrialState, int]

    @property
    def exit_code(self) -> int:
        """What whoever saw the run to its end exits with."""
        some_failed = self.counts.get(TrialState.FAILED, 0) > 0
        if self.ending.kind is EndKind.FINISHED and some_failed:
            return EndKind.FAILURES.exit_code
        return self.ending.kind.exit_code
