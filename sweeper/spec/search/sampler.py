"""What a sampler is asked, and what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sweeper.records import Value
from sweeper.spec.search.space import Point, Space


@dataclass(frozen=True, slots=True)
class Tried:
    """A point whose trials came to their ends.

    score: its objective, the lower the better, `inf` where it has none: it failed, or gave NaN.
    epochs: how far it came, where a rule stopped it; None where it was trained to its end.
    """

    point: Mapping[str, Value]
    score: float
    epochs: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is known where a batch is proposed, the same on any number of workers.

    batch: its number, from 0.    first: number of its first point, from 0.    size: in points.
    ended: points with their scores, in order; pending: those whose results can't be known yet.
    left_out: those of which there will be none, no sampler's business; they are passed over too.
    """

    space: Space
    seed: int
    batch: int
    first: int
    size: int
    ended: tuple[Tried, ...] = ()
    pending: tuple[Mapping[str, Value], ...] = ()
    left_out: tuple[Mapping[str, Value], ...] = ()

    @property
    def chance(self) -> int:
        """The seed of this batch's generator: the search's own for the first one."""
        return seed_of(self.seed, self.batch)


class Sampler(Protocol):
    """Proposes points."""

    def points(self, question: Question) -> Iterator[Point]:
        """Points for a batch, the best first; as many of them are taken as the batch has.

        One that was tried, or is pending, is passed over, so more may be asked for than its size.
        Pure: all chance comes from the question's seed.
        """


def seed_of(seed: int, batch: int) -> int:
    """The seed of a batch's generator, of 32 bits: that of batch 0 is the search's own."""
    if batch == 0:
        return seed % 2**32
    digest = hashlib.sha256(f"{seed}/batch/{batch}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
