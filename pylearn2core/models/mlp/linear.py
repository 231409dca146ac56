"""The linear layer, which is an output layer for real targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

from pylearn2core.models.mlp.affine import Affine

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class Linear(Affine):
    """Output x W + b, shape (batch, dim); cost: mean over examples of the summed squares.

    use_abs_loss: absolute differences in place of squares.    The other arguments as Affine's.
    """

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, dim)."""
        return self._linear_part(state_below)

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Mean over the examples of the sum over the units of cost_matrix."""
        return self.cost_from_cost_matrix(self.cost_matrix(Y, Y_hat))

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Squared (or absolute) differences, shape (batch, dim)."""
        return abs(Y - Y_hat) if self.use_abs_loss else pt.sqr(Y - Y_hat)

    def cost_from_cost_matrix(self, cost_matrix: Symbol) -> Symbol:
        """Mean over the examples of the sum over the units."""
        return cost_matrix.sum(axis=1).mean()
