"""Where a sweep's trials come from: a source hands them out in batches.

A source has no memory: batch b is a function of the spec and of a history, which is that of batches
0 .. b - 1 - lag alone. So it is the same on 1 worker and on 200, and after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sweeper.records import Ending, EndKind, History
from sweeper.spec.expand import Expansion, Proposal, expand
from sweeper.spec.load import Spec
from sweeper.spec.search.source import Searched


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

    @property
    def expected(self) -> int | None:
        """How many trials there are at most, in all batches; None where nothing says so."""

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
    expected: None = None

    def propose(self, batch: int, history: History) -> Proposal | None:
        """All trials of the spec. Raises InputError, as `expand` does."""
        return expand(self.spec) if batch == 0 else None


def source_of(spec: Spec) -> Source:
    """The source that a spec asks for."""
    return Grid(spec) if spec.search is None else Searched(spec, spec.search)


def first_batch(spec: Spec) -> Expansion:
    """The trials that a sweep begins with; of a grid these are all. Raises InputError."""
    if spec.search is None:
        return expand(spec)
    found = Searched(spec, spec.search).propose(0, History())
    assert found is not None  # a search has a point at least
    return found


def still_to_come(spec: Spec, batches: int, trials: int) -> int:
    """How many trials a run's source may still propose. batches, trials: that it has proposed."""
    source = source_of(spec)
    if source.expected is None or batches == source.batches:
        return 0
    return max(source.expected - trials, 0)


def left_at_once(spec: Spec, ending: Ending | None, *, batches: int, trials: int, left: int) -> int:
    """How many trials of a run may be there to run at the same time.

    ending: of its last driver.    batches, trials: that its source has proposed.
    left: trials of theirs that are not over.
    """
    source = source_of(spec)
    if spec.search is None or batches == source.batches or is_through(ending, left):
        return left
    to_come = still_to_come(spec, batches, trials)
    size = spec.search.batch * spec.header.repeat
    return max(left, at_once(source, size, left=left + to_come))


def is_through(ending: Ending | None, left: int) -> bool:
    """Whether a run's source has nothing to propose any more, however many batches it might have.

    A space with `when` may hold fewer points than can be told before they were tried.
    ending: of the run's last driver.    left: trials that are not over.
    """
    return not left and ending is not None and ending.kind is EndKind.FINISHED


def at_once(source: Source, size: int, *, left: int | None = None) -> int:
    """How many trials may be there to run at the same time.

    size: trials a batch.    left: trials that are not over or may be proposed, None for all.
    """
    found = size if source.batches == 1 else size * (source.lag + 1)
    most = source.expected if left is None else left
    return found if most is None else min(found, most)
