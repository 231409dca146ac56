"""Maxout layers: the largest of several linear pieces."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.maxout_conv import MaxoutConvC01B
from pylearn2core.models.mlp.affine import Affine
from pylearn2core.models.mlp.elementwise import rectify
from pylearn2core.models.mlp.statistics import unit_statistics
from pylearn2core.space import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol

__all__ = ["Maxout", "MaxoutConvC01B"]


class Maxout(Affine):
    """Each unit is the largest of num_pieces linear functions of the input.

    num_units, num_pieces: W has num_units * num_pieces columns; piece p of unit u is column
    u * num_pieces + p.
    pool_stride: columns from one unit's first piece to the next one's; num_pieces if None, fewer
    for units that share pieces.
    randomize_pools: true for pools of columns drawn at random, with replacement.
    min_zero: true for units that are at least 0.
    The other arguments as Affine's, for the num_units * num_pieces pieces.
    Source: Goodfellow et al. 2013.
    """

    def __init__(
        self,
        layer_name: str,
        num_units: int,
        num_pieces: int,
        pool_stride: int | None = None,
        randomize_pools: bool = False,
        irange: float | None = None,
        sparse_init: int | None = None,
        sparse_stdev: float = 1.0,
        include_prob: float = 1.0,
        init_bias: Any = 0.0,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        max_col_norm: float | None = None,
        max_row_norm: float | None = None,
        mask_weights: Array | None = None,
        min_zero: bool = False,
        extensions: Any = None,
    ) -> None:
        super().__init__(
            dim=num_units * num_pieces,
            layer_name=layer_name,
            irange=irange,
            sparse_init=sparse_init,
            sparse_stdev=sparse_stdev,
            include_prob=include_prob,
            init_bias=init_bias,
            W_lr_scale=W_lr_scale,
            b_lr_scale=b_lr_scale,
            mask_weights=mask_weights,
            max_row_norm=max_row_norm,
            max_col_norm=max_col_norm,
            extensions=extensions,
        )
        self.num_units, self.num_pieces = num_units, num_pieces
        self.pool_stride = num_pieces if pool_stride is None else pool_stride
        self.randomize_pools, self.min_zero = randomize_pools, min_zero
        spare = self.dim - num_pieces
        if not 1 <= self.pool_stride <= num_pieces or spare % self.pool_stride:
            raise ConfigError(
                f"layer {layer_name!r}: pool_stride must be between 1 and num_pieces "
                f"({num_pieces}) and divide the {spare} columns after the first unit's, got "
                f"{pool_stride}."
            )

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw W from the MLP's generator."""
        super().set_input_space(space)
        self.output_space = VectorSpace((self.dim - self.num_pieces) // self.pool_stride + 1)
        if self.randomize_pools:
            self.permutation = self.mlp.rng.randint(self.dim, size=self.dim)

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, units)."""
        first, *others = self._pieces(self._linear_part(state_below))
        pooled = first
        # One after the other, so that of equal pieces the first gets the gradient.
        for piece in others:
            pooled = pt.maximum(pooled, piece)
        return rectify(pooled) if self.min_zero else pooled

    def _pieces(self, z: Symbol) -> list[Any]:
        """The units' first pieces, their second ones, and so on; each of shape (batch, units)."""
        if self.randomize_pools:
            z = z[:, self.permutation]
        if self.num_pieces == 1:
            return [z]
        if self.pool_stride < self.num_pieces:
            last = self.dim - self.num_pieces
            return [
                z[:, piece : last + piece + 1 : self.pool_stride]
                for piece in range(self.num_pieces)
            ]
        # Split, whose gradient is a join: the gradient of a slice with a step is a slow scatter.
        grouped = z.reshape((z.shape[0], self.num_units, self.num_pieces))
        parts = pt.split(grouped, splits_size=[1] * self.num_pieces, axis=2)
        return [pt.squeeze(part, axis=2) for part in parts]

    def _unit_channels(self, state: Symbol) -> OrderedDict[str, Symbol]:
        """The same statistics as other layers have, under the names that Pylearn2 gave them."""
        prefix = "" if self.num_pieces == 1 else "p_"
        return unit_statistics(state, prefix=prefix, between=".")

    def get_weights_view_shape(self) -> tuple[int, int]:
        """A row of pictures for each unit, a column for each piece."""
        return self.num_units, self.num_pieces
