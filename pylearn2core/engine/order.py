"""The batches of a pass as index arrays, grouped by size so that few shapes are compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]
_NO_ROWS: Indices = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Segment:
    """Batches start..stop-1 of `stack`, shape (n_batches, batch_size); all of one size."""

    stack: Indices
    start: int
    stop: int


class Order:
    """The rows of each batch of a pass.

    sizes: rows of each batch, in the order of training.
    stacks: all batches of each size, shape (n_batches, size), in their order.
    """

    def __init__(self, batches: Iterable[Indices]) -> None:
        chosen = list(batches)
        self.sizes = tuple(map(len, chosen))
        # All rows in one array, cut where it is asked for: an order is drawn each epoch.
        self._rows: Indices = np.concatenate([_NO_ROWS, *chosen]).astype(np.int32, copy=False)
        self.stacks = _stacks(self._rows, self.sizes)

    @property
    def batches(self) -> tuple[Indices, ...]:
        """The rows of each batch."""
        return tuple(np.split(self._rows, np.cumsum(self.sizes[:-1])))

    @classmethod
    def of(cls, selections: Iterable[Any], num_examples: int) -> Order:
        """From slices or index arrays over `num_examples` rows."""
        rows = np.arange(num_examples, dtype=np.int32)
        return cls(
            rows[selection] if isinstance(selection, slice) else _numbers(selection)
            for selection in selections
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


def _stacks(rows: Indices, sizes: Sequence[int]) -> dict[int, Indices]:
    """The batches of each size, shape (n_batches, size)."""
    if not sizes:
        return {}
    size, last = sizes[0], sizes[-1]
    whole = len(rows) // size
    if len(rows) == size * whole and sizes.count(size) == whole:
        return {size: rows.reshape(whole, size)}
    if last != size and sizes.count(size) == len(sizes) - 1:  # a short one at the end, as in most
        cut = len(rows) - last
        return {size: rows[:cut].reshape(-1, size), last: rows[cut:].reshape(1, last)}
    by_size: dict[int, list[Indices]] = {}
    for batch in np.split(rows, np.cumsum(sizes[:-1])):
        by_size.setdefault(len(batch), []).append(batch)
    return {size: np.stack(batches) for size, batches in by_size.items()}


def _numbers(selection: Any) -> Indices:
    """Row numbers from 0; a mask is turned into these."""
    found: Indices = np.asarray(selection)
    return np.flatnonzero(found).astype(np.int32) if found.dtype == bool else found
