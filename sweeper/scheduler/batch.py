"""Trials that came together: those of one text beside one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from sweeper.records import NewTrial


@dataclass(frozen=True, slots=True)
class BatchTrial:
    """What the scheduler knows of a trial.

    number: of its next attempt.    text: the id of its text.
    pile: its batch's trials of this text, by number; rank: its place among them.
    group: equal for those of its pile that a lease may hold together.
    fills: whether a lease of its group should fill a worker's slots.
    """

    id: str
    ordinal: int
    number: int
    text: str
    pile: int
    rank: int
    group: Hashable
    fills: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Trials that came together.

    piles: for each text, its trials, those of one group together; texts and groups in the order of
    their first.    first: number of the first pile, which go on from batch to batch.
    by_id: the trials by their ids.
    """

    piles: tuple[tuple[BatchTrial, ...], ...]
    first: int
    by_id: Mapping[str, BatchTrial]

    @property
    def end(self) -> int:
        """Number of the next batch's first pile."""
        return self.first + len(self.piles)


def make_batch(trials: Sequence[NewTrial], first: int) -> Batch:
    """Lay out trials that came together, in ordinal order. first: number of the first pile."""
    first_of: dict[Hashable, int] = {}
    members: dict[str, list[NewTrial]] = {}
    for trial in trials:
        first_of.setdefault(trial.group, trial.ordinal)
        members.setdefault(trial.text_id, []).append(trial)
    piles = []
    for pile, (text, found) in enumerate(members.items(), first):
        # Those of a cohort together: it is judged when the last of them has come to its rung.
        found.sort(key=lambda one: (one.cohort or 0, first_of[one.group], one.ordinal))
        piles.append(
            tuple(
                BatchTrial(one.id, one.ordinal, one.number, text, pile, rank, one.group, one.fills)
                for rank, one in enumerate(found)
            )
        )
    by_id = {trial.id: trial for trials_of_text in piles for trial in trials_of_text}
    return Batch(tuple(piles), first, by_id)
