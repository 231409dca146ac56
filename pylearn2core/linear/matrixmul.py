"""The dense linear transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

from pylearn2core.linear.linear_transform import LinearTransform

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol


class MatrixMul(LinearTransform):
    """x to x W.    W: shared variable, shape (n_in, n_out)."""

    def __init__(self, W: Symbol) -> None:
        self._W = W

    def get_params(self) -> list[Symbol]:
        """The matrix alone."""
        return [self._W]

    def lmul(self, x: Symbol) -> Symbol:
        """Return x W, shape (batch, n_out)."""
        return pt.dot(x, self._W)

    def lmul_T(self, x: Symbol) -> Symbol:
        """Return x W', shape (batch, n_in)."""
        return pt.dot(x, self._W.T)

    def get_weights(self) -> Array:
        """W's value."""
        values: Array = self._W.get_value()
        return values
