"""Where a sweep's trials come from: a source hands them out in batches.

A source has no memory: batch b is a function of the spec and of a history, which is that of batches
0 .. b - 1 - lag alone. So it is the same on 1 worker and on 200, and after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sweeper.records import ExperimentText, History, Trial
from sweeper.spec.expand import expand
from sweeper.spec.load import Spec


@dataclass(frozen=True, slots=True)
class Proposal:
    """A batch of trials.

    trials: in order; a store gives those that it does not hold yet the ordinals that follow.
    texts: the experiments' texts of these trials, by text_id.
    """

    trials: tuple[Trial, ...]
    texts: Mapping[str, ExperimentText]


class Source(Protocol):
    """What proposes trials. Plain data, so that it can be asked in another process."""

    @property
    def lag(self) -> int:
        """How many batches may still be at work before the one that is proposed.

        Of those it knows the values alone.
        """

    @property
    def batches(self) -> int | None:
        """How many there are, None where that shows only when there is no other."""

    def propose(self, batch: int, history: History) -> Proposal | None:
        """The batch with this number, from 0; None where there is no such batch, nor a later one.

        Pure: it knows no clock, no global generator and no other call.
        """


@dataclass(frozen=True, slots=True)
class Grid:
    """The source of a static grid, list or random design: all its trials are one batch."""

    spec: Spec
    lag: int = 0
    batches: int = 1

    def propose(self, batch: int, history: History) -> Proposal | None:
        """All trials of the spec. Raises InputError, as `expand` does."""
        if batch > 0:
            return None
        found = expand(self.spec)
        return Proposal(found.trials, found.texts)


def source_of(spec: Spec) -> Source:
    """The source that a spec asks for."""
    return Grid(spec)
