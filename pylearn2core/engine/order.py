"""The batches of a pass as index arrays, grouped by size so that few shapes are compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]


def _plain(selection: Any) -> Any:
    """A slice, or row numbers from 0; a mask is turned into these."""
    if isinstance(selection, slice):
        return selection
    found = np.asarray(selection)
    return np.flatnonzero(found) if found.dtype == bool else found


@dataclass(frozen=True, slots=True)
class Segment:
    """Batches start..stop-1 of `stack`, shape (n_batches, batch_size); all of one size."""

    stack: Indices
    start: int
    stop: int


class Order:
    """The rows of each batch of a pass.

    batches: row numbers, in the order of training.    sizes: rows of each batch.
    stacks: all batches of each size, shape (n_batches, size), in their order.
    """

    def __init__(self, batches: Iterable[Indices]) -> None:
        self.batches = tuple(batches)
        self.sizes = tuple(len(batch) for batch in self.batches)
        by_size: dict[int, list[Indices]] = {}
        for batch in self.batches:
            by_size.setdefault(len(batch), []).append(batch)
        # One copy and no array a batch, as np.stack would make: an order is drawn each epoch.
        self.stacks = {
            size: np.concatenate(batches).reshape(len(batches), size)
            for size, batches in by_size.items()
        }

    @classmethod
    def of(cls, selections: Iterable[Any], num_examples: int) -> Order:
        """From slices or index arrays over `num_examples` rows."""
        rows = np.arange(num_examples, dtype=np.int32)
        return cls(
            rows[selection] if isinstance(selection, slice) else selection.astype(np.int32)
            for selection in map(_plain, selections)
        )

    def is_same(self, other: Order) -> bool:
        """Whether both have the same rows in the same batches."""
        if self is other:
            return True
        return self.sizes == other.sizes and all(
            np.array_equal(stack, other.stacks[size]) for size, stack in self.stacks.items()
        )

    def segments(self) -> Iterator[Segment]:
        """Runs of equal batches. A short batch may come anywhere; it splits the run, not the
        stack, so its place changes no shape."""
        done = dict.fromkeys(self.stacks, 0)
        sizes = self.sizes
        first = 0
        for place in range(1, len(sizes) + 1):
            if place == len(sizes) or sizes[place] != sizes[first]:
                size, count = sizes[first], place - first
                yield Segment(self.stacks[size], done[size], done[size] + count)
                done[size] += count
                first = place
