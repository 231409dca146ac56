"""The batches of a pass as index arrays, grouped by size so that few shapes are compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Segment:
    """Batches start..stop-1 of `stack`, shape (n_batches, batch_size); all of one size."""

    stack: Indices
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Order:
    """batches: row numbers of each batch, in the order of training."""

    batches: tuple[Indices, ...]

    @classmethod
    def of(cls, selections: Iterable[Any], num_examples: int) -> Order:
        """From slices or index arrays over `num_examples` rows."""
        rows = np.arange(num_examples, dtype=np.int32)
        return cls(tuple(rows[selection] for selection in selections))

    @property
    def sizes(self) -> list[int]:
        """Rows of each batch."""
        return [len(batch) for batch in self.batches]

    def is_same(self, other: Order) -> bool:
        """Whether both have the same rows in the same batches."""
        pairs = zip(self.batches, other.batches, strict=False)
        return self.sizes == other.sizes and all(np.array_equal(a, b) for a, b in pairs)

    def stacks(self) -> dict[int, Indices]:
        """All batches of each size, shape (n_batches, size), in their order."""
        by_size: dict[int, list[Indices]] = {}
        for batch in self.batches:
            by_size.setdefault(len(batch), []).append(batch)
        return {size: np.stack(batches) for size, batches in by_size.items()}

    def segments(self) -> Iterator[Segment]:
        """Runs of equal batches. A short batch may come anywhere; it splits the run, not the
        stack, so its place changes no shape."""
        stacks = self.stacks()
        done = dict.fromkeys(stacks, 0)
        sizes = self.sizes
        first = 0
        for place in range(1, len(sizes) + 1):
            if place == len(sizes) or sizes[place] != sizes[first]:
                size, count = sizes[first], place - first
                yield Segment(stacks[size], done[size], done[size] + count)
                done[size] += count
                first = place
