"""Shifting and scaling, by feature or by example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.preprocessing.base import (
    ExamplewisePreprocessor,
    Preprocessor,
    not_fitted,
)
from pylearn2core.expr.preprocessing import global_contrast_normalize

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix


class Standardize(Preprocessor):
    """(x - mean) / (std_eps + std), population standard deviation, per feature or of all values."""

    def __init__(
        self, global_mean: bool = False, global_std: bool = False, std_eps: float = 1e-4
    ) -> None:
        self._mean_axis = None if global_mean else 0
        self._std_axis = None if global_std else 0
        self._std_eps = std_eps
        self._mean: Any = None
        self._std: Any = None

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Raises ValueError where nothing was learnt yet."""
        X = dataset.get_design_matrix()
        if can_fit:
            self._mean = X.mean(axis=self._mean_axis)
            self._std = X.std(axis=self._std_axis)
        elif self._mean is None:
            raise not_fitted(self)
        dataset.set_design_matrix((X - self._mean) / (self._std_eps + self._std))


class RemoveMean(Preprocessor):
    """Subtracts the mean of each feature as learnt (axis 0), of each example (1), or of all (None).

    Only the first and the last are learnt from the training set.
    """

    def __init__(self, axis: int | None = 0) -> None:
        if axis not in (0, 1, None):
            raise ValueError(f"axis must be 0, 1 or None, got {axis!r}")
        self._axis = axis
        self._mean: Any = None

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = True) -> None:
        """Learns unless told not to, as Pylearn2's. Raises ValueError if nothing was learnt yet."""
        X = dataset.get_design_matrix()
        if can_fit or self._axis == 1:
            self._mean = X.mean(axis=self._axis, keepdims=True)
        elif self._mean is None:
            raise not_fitted(self)
        dataset.set_design_matrix(X - self._mean)


class MakeUnitNorm(ExamplewisePreprocessor):
    """Divides each example by its L2 norm; zeros stay zeros."""

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        X = dataset.get_design_matrix()
        norms = np.sqrt((X**2).sum(axis=1, keepdims=True))
        dataset.set_design_matrix(X / np.where(norms > 0, norms, 1))


class GlobalContrastNormalization(ExamplewisePreprocessor):
    """`global_contrast_normalize` of the design matrix.

    batch_size: examples at a time, to spare memory; the result is the same.
    """

    def __init__(
        self,
        subtract_mean: bool = True,
        scale: float = 1.0,
        sqrt_bias: float = 0.0,
        use_std: bool = False,
        min_divisor: float = 1e-8,
        batch_size: int | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "scale": scale,
            "subtract_mean": subtract_mean,
            "use_std": use_std,
            "sqrt_bias": sqrt_bias,
            "min_divisor": min_divisor,
        }
        self._batch_size = batch_size

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        X = dataset.get_design_matrix()
        step = self._batch_size or max(len(X), 1)
        parts = [
            global_contrast_normalize(X[start : start + step], **self._options)
            for start in range(0, len(X), step)
        ]
        dataset.set_design_matrix(np.concatenate(parts))
