"""Preprocessing of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pylearn2core.types import Array


def global_contrast_normalize(
    X: Array,
    scale: float = 1.0,
    subtract_mean: bool = True,
    use_std: bool = False,
    sqrt_bias: float = 0.0,
    min_divisor: float = 1e-8,
) -> Array:
    """Rows of X, minus their means, divided by sqrt(sqrt_bias + sum of squares) / scale.

    use_std: the variance (n - 1) in place of the sum of squares.
    min_divisor: a row whose divisor is smaller is not divided.
    """
    if min_divisor < 0 or sqrt_bias < 0:
        raise ValueError("min_divisor and sqrt_bias can't be negative")
    mean = X.mean(axis=1, keepdims=True)
    X = X - mean if subtract_mean else X.copy()
    if use_std:
        power = X.var(axis=1, ddof=min(1, X.shape[1] - 1), keepdims=True)
    else:
        power = (X**2).sum(axis=1, keepdims=True)
    divisors = np.sqrt(sqrt_bias + power) / scale
    return X / np.where(divisors < min_divisor, 1.0, divisors)
