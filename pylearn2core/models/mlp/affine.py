"""What dense layers of x W + b share: how W and b are made, and their channels."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.models.mlp.dense import Dense
from pylearn2core.models.mlp.init import WeightInit, draw_dense, filled
from pylearn2core.models.mlp.statistics import unit_statistics, weight_norms
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class Affine(Dense):
    """A function of x W + b, shape (batch, dim); a subclass defines it as `fprop`.

    dim: number of units.    layer_name: unique in its MLP.
    irange, istdev, sparse_init, sparse_stdev, include_prob: how to draw W (see WeightInit).
    init_bias: a number, or an array of shape (dim,).    use_bias: False for no b.
    W_lr_scale, b_lr_scale: factors of the learning rate.
    mask_weights: array of W's shape, by which W is multiplied after each step.
    max_row_norm, max_col_norm, min_col_norm: bounds on the L2 norms of W's rows or columns.
    copy_input: true for the input to stand after the units in the output.
    extensions: Model's.
    use_abs_loss: what a subclass with Linear's cost goes by; the others take it all the same.
    """

    def __init__(
        self,
        dim: int,
        layer_name: str,
        irange: float | None = None,
        istdev: float | None = None,
        sparse_init: int | None = None,
        sparse_stdev: float = 1.0,
        include_prob: float = 1.0,
        init_bias: Any = 0.0,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        mask_weights: Array | None = None,
        max_row_norm: float | None = None,
        max_col_norm: float | None = None,
        min_col_norm: float | None = None,
        copy_input: bool | None = None,
        use_abs_loss: bool = False,
        use_bias: bool = True,
        *,
        extensions: Any = None,
    ) -> None:
        super().__init__(extensions)
        self.layer_name = layer_name
        if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or dim < 1:
            raise ConfigError(f"layer {layer_name!r}: dim must be an integer > 0, got {dim!r}.")
        if b_lr_scale is not None and not use_bias:
            raise ConfigError(f"layer {layer_name!r}: b_lr_scale given, but use_bias is false.")
        self.dim = int(dim)
        self.init = WeightInit(irange, istdev, sparse_init, sparse_stdev, include_prob)
        self.init.check(layer_name)
        self.W_lr_scale, self.b_lr_scale = W_lr_scale, b_lr_scale
        self.mask_weights = mask_weights
        self.max_row_norm = max_row_norm
        self.max_col_norm, self.min_col_norm = max_col_norm, min_col_norm
        self.copy_input, self.use_abs_loss, self.use_bias = copy_input, use_abs_loss, use_bias
        self._check_norms()
        self._check_scales()
        if use_bias:
            first = filled(init_bias, (self.dim,), f"layer {layer_name!r}: init_bias")
            self.b = sharedX(first, name=f"{layer_name}_b")

    def _units(self) -> int:
        """The number of columns of W."""
        return self.dim

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw W from the MLP's generator."""
        n_in = self._take_input_space(space)
        self.output_space = VectorSpace(self.dim + (n_in if self.copy_input else 0))
        weights = draw_dense(self.mlp.rng, self.init, (n_in, self._units()))
        if self.mask_weights is not None:
            if np.shape(self.mask_weights) != weights.shape:
                raise ConfigError(
                    f"layer {self.layer_name!r}: mask_weights must have W's shape "
                    f"{weights.shape}, got {np.shape(self.mask_weights)}."
                )
            self.mask = sharedX(self.mask_weights, name=f"{self.layer_name}_mask")
        self.W = sharedX(weights, name=f"{self.layer_name}_W")
        self.transformer = MatrixMul(self.W)
        self._params = [self.W] if self.b is None else [self.W, self.b]

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        if self.mask_weights is not None and self.W in updates:
            updates[self.W] = updates[self.W] * self.mask
        super()._modify_updates(updates)

    def _linear_part(self, state_below: Symbol) -> Symbol:
        """Return x W + b, shape (batch, units)."""
        flat = self._flat(state_below)
        z = self.transformer.lmul(flat)
        if self.b is not None:
            z = z + self.b
        return pt.concatenate([z, flat], axis=1) if self.copy_input else z

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Norms of W's rows and columns; statistics of the units."""
        channels = weight_norms(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels.update(self._unit_channels(state))
        return channels

    def _unit_channels(self, state: Symbol) -> OrderedDict[str, Symbol]:
        """Statistics of the units."""
        return unit_statistics(state)
