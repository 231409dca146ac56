"""The preprocessor, several in a row, and those that only call something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import UnsupportedError
from pylearn2core.rng import swapped_order

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.types import Seed


class Preprocessor:
    """Changes a dataset in place, by giving it new arrays; the old ones are never written to."""

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Change `dataset`. can_fit: learn from it first; else use what was learnt before."""
        raise UnsupportedError(f"{type(self).__name__} must define apply")

    def invert(self) -> Any:
        """A preprocessor that does the opposite."""
        raise UnsupportedError(f"{type(self).__name__} can't be inverted")


class ExamplewisePreprocessor(Preprocessor):
    """A preprocessor that learns nothing: each example's result depends on it alone."""

    def as_block(self) -> Any:
        """The same as a Block."""
        raise UnsupportedError(f"{type(self).__name__} has no Block")


class Pipeline(Preprocessor):
    """Several preprocessors, one after the other."""

    def __init__(self, items: Any = None) -> None:
        self.items: list[Preprocessor] = list(items or [])

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Apply each in turn, with the same can_fit."""
        for item in self.items:
            item.apply(dataset, can_fit)


class BlockPreprocessor(Preprocessor):
    """Maps a Block over the rows of the design matrix."""

    def __init__(self, block: Any) -> None:
        self.block = block

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Replace the design matrix by `block.perform` of it; can_fit changes nothing."""
        dataset.set_design_matrix(np.asarray(self.block.perform(dataset.get_design_matrix())))


class ShuffleAndSplit(Preprocessor):
    """Shuffles the examples and keeps start..stop-1."""

    def __init__(self, seed: Seed, start: int, stop: int) -> None:
        if not 0 <= start < stop:
            raise ValueError(f"0 <= start < stop is needed, got start={start}, stop={stop}")
        self.seed = seed
        self.start = start
        self.stop = stop

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Replace X and y by the part; each row in turn is swapped with a random one."""
        n = len(dataset.X)
        if self.stop > n:
            raise ValueError(f"stop={self.stop} is beyond the dataset's {n} examples")
        order = swapped_order(n, np.random.RandomState(self.seed))
        kept = order[self.start : self.stop]
        dataset.X = dataset.X[kept]
        dataset.y = None if dataset.y is None else dataset.y[kept]


def not_fitted(preprocessor: Preprocessor) -> ValueError:
    """The error of a preprocessor that is asked to apply what it has not learnt yet."""
    name = type(preprocessor).__name__
    return ValueError(
        f"{name} has not been fitted: apply it to the training set with can_fit first "
        "(fit_preprocessor: 1 in YAML)"
    )
