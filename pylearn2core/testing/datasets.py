"""Random datasets, as experiments that need no data use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix

if TYPE_CHECKING:
    from numpy.random import RandomState

__all__ = [
    "random_dense_design_matrix",
    "random_one_hot_dense_design_matrix",
    "random_one_hot_topological_dense_design_matrix",
]


def random_dense_design_matrix(
    rng: RandomState, num_examples: int, dim: int, num_classes: int
) -> DenseDesignMatrix:
    """Normal features; labels 0..num_classes-1, shape (n, 1); no targets for 0 classes."""
    X = rng.randn(num_examples, dim)
    if not num_classes:
        return DenseDesignMatrix(X=X)
    y = rng.randint(0, num_classes, (num_examples, 1))
    return DenseDesignMatrix(X=X, y=y, y_labels=num_classes)


def random_one_hot_dense_design_matrix(
    rng: RandomState, num_examples: int, dim: int, num_classes: int
) -> DenseDesignMatrix:
    """Normal features; one-hot targets, shape (n, num_classes)."""
    X = rng.randn(num_examples, dim)
    return DenseDesignMatrix(X=X, y=_one_hot(rng, num_examples, num_classes))


def random_one_hot_topological_dense_design_matrix(
    rng: RandomState,
    num_examples: int,
    shape: Any,
    channels: int,
    axes: Any,
    num_classes: int,
) -> DenseDesignMatrix:
    """Normal images of `shape` (rows, columns) in the order `axes`; one-hot targets."""
    sizes = {"b": num_examples, "c": channels, 0: shape[0], 1: shape[1]}
    images = rng.randn(*(sizes[axis] for axis in axes))
    y = _one_hot(rng, num_examples, num_classes)
    return DenseDesignMatrix(topo_view=images, axes=tuple(axes), y=y)


def _one_hot(rng: RandomState, num_examples: int, num_classes: int) -> Any:
    labels = rng.randint(0, num_classes, num_examples)
    return np.eye(num_classes)[labels]
