"""Splitting a design matrix into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from pylearn2core.rng import copy_rng

if TYPE_CHECKING:
    from pylearn2core.types import Array, SeedOrRng

PartT = TypeVar("PartT")


class SplitsMixin(Generic[PartT]):
    """Parts of a dataset's rows as datasets of their own; their arrays are views of its.

    PartT: the class of a part.
    """

    X: Any
    y: Any
    rng: Any

    def with_rows(self, X: Array, y: Array | None) -> PartT:
        """A plain dataset of other examples, with this one's labels and view."""
        raise NotImplementedError

    def take(self, index: Any) -> PartT:
        """The examples of a slice or an index array."""
        return self.with_rows(self.X[index], None if self.y is None else self.y[index])

    def restrict(self, start: int, stop: int) -> None:
        """Keep examples start..stop-1 only."""
        if not 0 <= start < stop <= len(self.X):
            raise ValueError(f"can't keep examples {start}..{stop - 1} of {len(self.X)}")
        self.X = self.X[start:stop]
        self.y = None if self.y is None else self.y[start:stop]

    def split_dataset_holdout(
        self, train_size: int = 0, train_prop: float = 0
    ) -> tuple[PartT, PartT]:
        """(train, valid) in the present order; one of number and share of the first is given."""
        first = self._train_size(train_size, train_prop)
        return self.take(slice(0, first)), self.take(slice(first, None))

    def bootstrap_holdout(
        self, train_size: int = 0, train_prop: float = 0, rng: SeedOrRng | None = None
    ) -> tuple[PartT, PartT]:
        """(train, valid) after a shuffle; a permutation, so without repeats."""
        first = self._train_size(train_size, train_prop)
        order = self._shuffled(rng)
        return self.take(order[:first]), self.take(order[first:])

    def split_dataset_nfolds(self, nfolds: int) -> list[PartT]:
        """`nfolds` consecutive parts, the first ones longer by one where n is no multiple."""
        return [self.take(part) for part in self._folds(np.arange(len(self.X)), nfolds)]

    def bootstrap_nfolds(self, nfolds: int, rng: SeedOrRng | None = None) -> list[PartT]:
        """`nfolds` parts after a shuffle."""
        return [self.take(part) for part in self._folds(self._shuffled(rng), nfolds)]

    def _train_size(self, size: int, share: float) -> int:
        n = len(self.X)
        if bool(size) == bool(share):
            raise ValueError("give either train_size or train_prop, exactly one")
        found = int(size) if size else int(np.ceil(n * share))
        if not 0 < found < n:
            raise ValueError(f"a train part of {found} out of {n} examples leaves one part empty")
        return found

    def _folds(self, order: Array, nfolds: int) -> list[Any]:
        if not 1 <= nfolds <= len(order):
            raise ValueError(f"nfolds must lie in 1..{len(order)}, got {nfolds}")
        return np.array_split(order, nfolds)

    def _shuffled(self, rng: Any) -> Array:
        generator = copy_rng(self.rng) if rng is None else np.random.RandomState(rng)
        return generator.permutation(len(self.X))
