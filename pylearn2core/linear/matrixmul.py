"""The dense linear transform."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt

from pylearn2core.linear.linear_transform import LinearTransform


class MatrixMul(LinearTransform):
    """x to x W.    W: shared variable, shape (n_in, n_out)."""

    def __init__(self, W: Any) -> None:
        self._W = W

    def get_params(self) -> list[Any]:
        """The matrix alone."""
        return [self._W]

    def lmul(self, x: Any) -> Any:
        """Return x W, shape (batch, n_out)."""
        return pt.dot(x, self._W)

    def lmul_T(self, x: Any) -> Any:
        """Return x W', shape (batch, n_in)."""
        return pt.dot(x, self._W.T)

    def get_weights(self) -> Any:
        """W's value."""
        return self._W.get_value()
