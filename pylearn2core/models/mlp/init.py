"""First weights and biases: the draws of a layer, in Pylearn2's order.

All of them are NumPy's legacy streams, so a seed gives the weights that it gave there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pylearn2core.types import Array


@dataclass(frozen=True, slots=True)
class WeightInit:
    """How to draw weights: exactly one of the first three is given.

    irange: uniform in (-irange, irange).    istdev: normal of that standard deviation.
    sparse_init: that many normal weights a unit, the others 0.
    sparse_stdev: their standard deviation.    include_prob: chance of a uniform weight to stay.
    """

    irange: float | None = None
    istdev: float | None = None
    sparse_init: int | None = None
    sparse_stdev: float = 1.0
    include_prob: float = 1.0

    def check(self, layer_name: str) -> None:
        """Raise ConfigError unless exactly one way of drawing is given."""
        ways = ("irange", "istdev", "sparse_init")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ConfigError(
                f"layer {layer_name!r}: expected exactly one of irange, istdev and sparse_init, "
                f"got {found}."
            )


def draw_dense(rng: RandomState, how: WeightInit, shape: tuple[int, int]) -> Array:
    """Draw weights of shape (n_in, n_out) for the Linear family."""
    if how.irange is not None:
        weights = rng.uniform(-how.irange, how.irange, shape)
        # Drawn even where every weight stays: the next layer's weights depend on it.
        return weights * (rng.uniform(0.0, 1.0, shape) < how.include_prob)
    if how.istdev is not None:
        return rng.randn(*shape) * how.istdev
    assert how.sparse_init is not None
    return draw_sparse(rng, how.sparse_init, shape) * how.sparse_stdev


def draw_softmax(rng: RandomState, how: WeightInit, shape: tuple[int, int]) -> Array:
    """Draw weights of shape (n_in, n_out) for Softmax, which draws no second mask."""
    if how.irange is not None:
        return rng.uniform(-how.irange, how.irange, shape)
    if how.istdev is not None:
        return rng.randn(*shape) * how.istdev
    assert how.sparse_init is not None
    return draw_sparse(rng, how.sparse_init, shape)


def draw_kernels(rng: RandomState, how: WeightInit, shape: tuple[int, ...]) -> Array:
    """Draw kernels of shape (output channels, input channels, rows, columns)."""
    if how.irange is None:
        assert how.sparse_init is not None
        columns = draw_sparse(rng, how.sparse_init, (int(np.prod(shape[1:])), shape[0]))
        return columns.T.reshape(shape)
    kernels = rng.uniform(-how.irange, how.irange, shape)
    if how.include_prob == 1.0:
        # No draw of a mask: the next layer's weights are to be Pylearn2's.
        return kernels
    return kernels * (rng.uniform(0.0, 1.0, shape) < how.include_prob)


def draw_sparse(rng: RandomState, count: int, shape: tuple[int, int]) -> Array:
    """Draw `count` standard normal weights in each column; the others are 0."""
    n_in, n_out = shape
    if not 0 <= count <= n_in:
        raise ConfigError(
            f"sparse_init must be between 0 and the {n_in} inputs of the layer, got {count}."
        )
    weights = np.zeros(shape)
    for column in range(n_out):
        for _ in range(count):
            row = rng.randint(0, n_in)
            while weights[row, column] != 0.0:
                row = rng.randint(0, n_in)
            weights[row, column] = rng.randn()
    return weights


def filled(value: Any, shape: tuple[int, ...], what: str) -> Array:
    """An array of `shape`, of one number or of an array of that shape.

    Raises ConfigError, which begins with `what`, for another shape.
    """
    if np.shape(value) not in ((), shape):
        raise ConfigError(
            f"{what} must be a number or an array of shape {shape}, got one of shape "
            f"{np.shape(value)}."
        )
    values: Array = np.zeros(shape) + value
    return values
