"""Dense hidden layers: tanh, rectified linear, softplus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.models.mlp.affine import Affine
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class Tanh(Affine):
    """Output tanh(x W + b); arguments as Affine's."""

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, dim)."""
        return pt.tanh(self._linear_part(state_below))


class RectifiedLinear(Affine):
    """Output max(0, x W + b).

    left_slope: slope for negative values.    The other arguments as Affine's.
    """

    def __init__(self, left_slope: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.left_slope = left_slope

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, dim)."""
        return rectify(self._linear_part(state_below), self.left_slope)


class Softplus(Affine):
    """Output log(1 + exp(x W + b)); arguments as Affine's."""

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, dim)."""
        return pt.softplus(self._linear_part(state_below))


def rectify(z: Symbol, left_slope: Any = 0.0) -> Symbol:
    """Return z where positive, left_slope * z where negative; the slope at 0 is 0."""
    zero = hyper(0.0)
    positive = pt.switch(z > zero, z, zero)
    if isinstance(left_slope, int | float) and left_slope == 0:
        return positive
    return positive + hyper(left_slope) * pt.switch(z < zero, z, zero)
