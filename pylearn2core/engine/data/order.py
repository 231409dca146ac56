"""The batches of a pass as index arrays, grouped by size so that few shapes are compiled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]
_NO_ROWS: Indices = np.zeros(0, dtype=np.int32)


class Order:
    """The rows of each batch of a pass.

    sizes: rows of each batch, in the order of training.    rows: of all of them.
    largest: the most rows of a batch.
    stacks: all batches of each size, shape (n_batches, size), in their order; largest size first.
    shapes: theirs.
    """

    def __init__(self, batches: Iterable[Indices]) -> None:
        chosen = list(batches)
        self._set(np.concatenate([_NO_ROWS, *chosen]), tuple(map(len, chosen)))

    @classmethod
    def cut(cls, rows: Any, size: int) -> Order:
        """`rows` in batches of `size`, the last one of what is left."""
        order = cls.__new__(cls)
        order._set(rows, _sizes(len(rows), size))
        return order

    def _set(self, rows: Any, sizes: tuple[int, ...]) -> None:
        self.sizes = sizes
        self.rows = len(rows)
        self.largest = max(sizes, default=0)
        # All rows in one array, cut where it is asked for: an order is drawn each epoch.
        self._rows: Indices = rows.astype(np.int32, copy=False)
        self.stacks = _stacks(self._rows, sizes)
        self.shapes = tuple(stack.shape for stack in self.stacks.values())

    @property
    def batches(self) -> tuple[Indices, ...]:
        """The rows of each batch."""
        if not self.sizes:
            return ()
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

    @property
    def turns(self) -> tuple[Indices, ...]:
        """What to take from `stacks`, turn by turn: (start, stop) of each, shape (n_sizes, 2).

        A turn goes through the stacks in their order. Most orders have all batches of one size,
        or a short one at the end: one turn. A short batch anywhere else makes more turns, of the
        same stacks, so that its place changes no shape.
        """
        return _turns(self.sizes)


@lru_cache(maxsize=64)
def _sizes(rows: int, size: int) -> tuple[int, ...]:
    whole, rest = divmod(rows, size)
    return (size,) * whole + ((rest,) if rest else ())


@lru_cache(maxsize=64)
def _turns(sizes: Sequence[int]) -> tuple[Indices, ...]:
    places = {size: place for place, size in enumerate(_largest_first(sizes))}
    found = [np.zeros((len(places), 2), dtype=np.int32)]
    last = -1
    for size, group in groupby(sizes):
        place = places[size]
        if place <= last:  # it goes on where the turn before it ended
            found.append(found[-1][:, [1, 1]])
        found[-1][place, 1] += len(list(group))
        last = place
    return tuple(found)


def _largest_first(sizes: Sequence[int]) -> list[int]:
    """Each size once. Where a short batch comes is then of no account to what is compiled."""
    return sorted(set(sizes), reverse=True)


def _stacks(rows: Indices, sizes: Sequence[int]) -> dict[int, Indices]:
    """The batches of each size, shape (n_batches, size)."""
    if not sizes:
        return {}
    size, last = sizes[0], sizes[-1]
    whole = len(rows) // size
    if len(rows) == size * whole and sizes.count(size) == whole:
        return {size: rows.reshape(whole, size)}
    if last < size and sizes.count(size) == len(sizes) - 1:  # a short one at the end, as in most
        cut = len(rows) - last
        return {size: rows[:cut].reshape(-1, size), last: rows[cut:].reshape(1, last)}
    by_size: dict[int, list[Indices]] = {size: [] for size in _largest_first(sizes)}
    for batch in np.split(rows, np.cumsum(sizes[:-1])):
        by_size[len(batch)].append(batch)
    return {size: np.stack(batches) for size, batches in by_size.items()}


def _numbers(selection: Any) -> Indices:
    """Row numbers from 0; a mask is turned into these."""
    found: Indices = np.asarray(selection)
    return np.flatnonzero(found).astype(np.int32) if found.dtype == bool else found
