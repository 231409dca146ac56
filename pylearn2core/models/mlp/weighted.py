"""What layers with weights and biases have in common, dense and convolutional alike."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.linear.norms import bound_norms
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol


class Weighted(Layer):
    """A layer with weights W and biases b (None where it has none).

    W_lr_scale, b_lr_scale: factors of their learning rates.
    """

    W: Any = None
    b: Any = None
    W_lr_scale: float | None = None
    b_lr_scale: float | None = None

    def _bound_W(
        self,
        updates: dict[Symbol, Symbol],
        *,
        axis: int | tuple[int, ...],
        limit: float | None,
        min_limit: float | None = None,
    ) -> None:
        """Bound W's L2 norms over `axis` in a step's updates; None for no bound."""
        if limit is None and min_limit is None:
            return
        least = 0.0 if min_limit is None else min_limit
        updates[self.W] = bound_norms(updates[self.W], axis=axis, limit=limit, min_limit=least)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """W_lr_scale and b_lr_scale, where given."""
        scales = ((self.W, self.W_lr_scale), (self.b, self.b_lr_scale))
        return OrderedDict((param, scale) for param, scale in scales if scale is not None)

    def get_weight_decay(self, coeff: Any) -> Symbol:
        """Coeff x sum(W^2)."""
        return hyper(coeff) * pt.sqr(self.W).sum()

    def get_l1_weight_decay(self, coeff: Any) -> Symbol:
        """Coeff x sum(|W|)."""
        return hyper(coeff) * abs(self.W).sum()

    def get_weights(self) -> Array:
        """W's value."""
        values: Array = self.W.get_value()
        return values

    def set_weights(self, weights: Array) -> None:
        """Set W, shape as get_weights gives it."""
        self.W.set_value(weights)

    def get_biases(self) -> Array:
        """The value of b."""
        values: Array = self.b.get_value()
        return values

    def set_biases(self, biases: Array) -> None:
        """Set b, shape as get_biases gives it."""
        self.b.set_value(biases)
