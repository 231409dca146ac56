"""How a batch of trials joins those that are there, and is told apart from them: pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sweeper.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweeper.records import Trial


@dataclass(frozen=True, slots=True)
class Joined:
    """A batch with the ordinals that its trials have. new: those that were not there."""

    trials: tuple[Trial, ...]
    new: tuple[Trial, ...]


def join(trials: Iterable[Trial], there: Mapping[str, int], following: int) -> Joined:
    """Give trials their ordinals; one that comes twice is one.

    there: ordinals of those that are there, by id.    following: the first ordinal that is free.
    """
    joined: dict[str, Trial] = {}
    new: list[Trial] = []
    for trial in trials:
        if trial.id in joined:
            continue
        if trial.id in there:
            joined[trial.id] = replace(trial, ordinal=there[trial.id])
            continue
        joined[trial.id] = replace(trial, ordinal=following + len(new))
        new.append(joined[trial.id])
    return Joined((*joined.values(),), (*new,))


def split(trials: Sequence[Trial], firsts: Sequence[int]) -> list[Sequence[Trial]]:
    """The trials of each batch.

    trials: by ordinal.    firsts: for each batch, the ordinal that its first trial has.
    """
    starts = [bisect_left(trials, first, key=lambda trial: trial.ordinal) for first in firsts]
    return [trials[start:end] for start, end in pairwise((*starts, len(trials)))]
