"""Splitting a design matrix into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from pylearn2core.rng import copy_rng, make_np_rng

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

    def split_dataset_holdout(self, train_size: int = 0, train_prop: float = 0) -> tuple[Any, Any]:
        """(train, valid): rows of X in their order, by the number or the share of the first.

        train_size wins where both are given, and the larger part comes first in X, as in Pylearn2.
        """
        size, n = self._train_size(train_size, train_prop), len(self.X)
        if size < n - size:
            return self.X[n - size :], self.X[: n - size]
        return self.X[:size], self.X[size:]

    def bootstrap_holdout(
        self, train_size: int = 0, train_prop: float = 0, rng: SeedOrRng | None = None
    ) -> tuple[Any, Any]:
        """(train, valid): rows of X after a shuffle; a permutation, so without repeats."""
        size, order = self._train_size(train_size, train_prop), self._shuffled(rng)
        return self.X[order[:size]], self.X[order[size:]]

    def split_dataset_nfolds(self, nfolds: int = 0) -> list[Any]:
        """The rows of X as `nfolds` consecutive parts of one size; the last one may be short."""
        return [self.X[part] for part in self._folds(np.arange(len(self.X)), nfolds)]

    def bootstrap_nfolds(self, nfolds: int, rng: SeedOrRng | None = None) -> list[Any]:
        """The same after a shuffle."""
        return [self.X[part] for part in self._folds(self._shuffled(rng), nfolds)]

    def _train_size(self, size: int, share: float) -> int:
        n = len(self.X)
        if not size and not share:
            raise ValueError("give train_size or train_prop")
        found = int(size) if size else int(np.round(n * share))
        if not 0 < found < n:
            raise ValueError(f"a train part of {found} out of {n} examples leaves one part empty")
        return found

    def _folds(self, order: Array, nfolds: int) -> list[Any]:
        if not 1 <= nfolds <= len(order):
            raise ValueError(f"nfolds must lie in 1..{len(order)}, got {nfolds}")
        size = -(-len(order) // nfolds)
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _shuffled(self, rng: Any) -> Array:
        generator = copy_rng(self.rng) if rng is None else make_np_rng(rng)
        order: Array = generator.permutation(len(self.X))
        return order
