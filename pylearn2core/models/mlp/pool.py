"""Spatial pooling, as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def max_pool(
    bc01: Symbol,
    pool_shape: Sequence[int],
    pool_stride: Sequence[int],
    image_shape: Sequence[int],
    try_dnn: bool = True,
) -> Symbol:
    """The largest value of each pool of images with the axes (batch, channel, row, column).

    pool_shape, pool_stride: (rows, columns) of a pool, and from one pool to the next.
    image_shape: (rows, columns) of the images.    try_dnn: ignored.
    The last pools may reach over the right and the lower edge, so that each value is in a pool.
    Raises ConfigError for pools that are larger than the images.
    """
    from pylearn2core.engine.ops import pool

    pool.pooled_shape(image_shape, pool_shape, pool_stride)
    return pool.max_pool(bc01, pool_shape, pool_stride)


def mean_pool(
    bc01: Symbol, pool_shape: Sequence[int], pool_stride: Sequence[int], image_shape: Sequence[int]
) -> Symbol:
    """The mean of each pool's values that are inside the image; arguments as `max_pool`'s."""
    from pylearn2core.engine.ops import pool

    pool.pooled_shape(image_shape, pool_shape, pool_stride)
    return pool.mean_pool(bc01, pool_shape, pool_stride)


def pooled_shape(
    image_shape: Sequence[int], pool_shape: Sequence[int], pool_stride: Sequence[int]
) -> tuple[int, int]:
    """(rows, columns) of pooled images."""
    from pylearn2core.engine.ops import pool

    return pool.pooled_shape(image_shape, pool_shape, pool_stride)
