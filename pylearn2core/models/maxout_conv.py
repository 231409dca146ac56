"""Maxout over the channels of a convolution, as cuda-convnet had it; on any device."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.conv2d import convolved_shape
from pylearn2core.models.mlp.elementwise import rectify
from pylearn2core.models.mlp.init import WeightInit, filled
from pylearn2core.models.mlp.pool import max_pool, pooled_shape
from pylearn2core.models.mlp.statistics import min_mean_max, unit_statistics
from pylearn2core.models.mlp.weighted import Weighted
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol

_BC01, _C01B = ("b", "c", 0, 1), ("c", 0, 1, "b")


class MaxoutConvC01B(Weighted):
    """A convolution, the largest of num_pieces channels for each unit, and spatial max pooling.

    The output has the axes ('c', 0, 1, 'b'). Kernels are not flipped, as in cuda-convnet; their
    shape is (input channels, rows, columns, num_channels x num_pieces), and piece p of unit u is
    channel u x num_pieces + p.
    num_channels, num_pieces: units at a place, and linear pieces of each.
    kernel_shape, pool_shape, pool_stride, kernel_stride: (rows, columns).
    irange: kernels are uniform in (-irange, irange).    init_bias: a number.
    pad: zeros around the image, rows and columns.
    fix_pool_shape, fix_pool_stride, fix_kernel_shape: true to cut what is too large.
    partial_sum: for cuda-convnet; not needed.    tied_b: one bias a channel, else one a detector.
    max_kernel_norm: bound on each kernel's L2 norm.    min_zero: units are at least 0.
    input_normalization, detector_normalization, output_normalization: functions of the input, of
    the units before pooling, and of the output, in the order ('c', 0, 1, 'b').
    Source: Goodfellow et al. 2013.
    """

    input_space: Conv2DSpace
    output_space: Conv2DSpace

    def __init__(
        self,
        num_channels: int,
        num_pieces: int,
        kernel_shape: Sequence[int],
        pool_shape: Sequence[int],
        pool_stride: Sequence[int],
        layer_name: str,
        irange: float | None = None,
        init_bias: float = 0.0,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        pad: int = 0,
        fix_pool_shape: bool = False,
        fix_pool_stride: bool = False,
        fix_kernel_shape: bool = False,
        partial_sum: int = 1,
        tied_b: bool = False,
        max_kernel_norm: float | None = None,
        input_normalization: Callable[[Any], Any] | None = None,
        detector_normalization: Callable[[Any], Any] | None = None,
        min_zero: bool = False,
        output_normalization: Callable[[Any], Any] | None = None,
        kernel_stride: Sequence[int] = (1, 1),
    ) -> None:
        super().__init__()
        self.layer_name = layer_name
        self.num_channels, self.num_pieces = num_channels, num_pieces
        self.kernel_shape, self.kernel_stride = list(kernel_shape), list(kernel_stride)
        self.pool_shape, self.pool_stride = list(pool_shape), list(pool_stride)
        self.irange, self.init_bias, self.pad = irange, init_bias, pad
        self.fixes = fix_kernel_shape, fix_pool_shape, fix_pool_stride
        self.W_lr_scale, self.b_lr_scale = W_lr_scale, b_lr_scale
        self.tied_b, self.max_kernel_norm, self.min_zero = tied_b, max_kernel_norm, min_zero
        self.normalizations = input_normalization, detector_normalization, output_normalization
        WeightInit(irange).check(layer_name)

    # Spaces and parameters --------------------------------------------------------------------

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw the kernels from the MLP's generator."""
        if not isinstance(space, Conv2DSpace):
            raise ConfigError(
                f"layer {self.layer_name!r}: a convolution needs images, a Conv2DSpace, as its "
                f"input space; got {space}. Give the MLP an input_space in place of nvis."
            )
        self.input_space = space
        padded = [size + 2 * self.pad for size in space.shape]
        fix_kernel, fix_pool, fix_stride = self.fixes
        self.kernel_shape = self._fitting(self.kernel_shape, padded, fix_kernel, "kernel_shape")
        detectors = convolved_shape(padded, self.kernel_shape, "valid", self.kernel_stride)
        self.pool_shape = self._fitting(self.pool_shape, detectors, fix_pool, "pool_shape")
        self.pool_stride = self._fitting(
            self.pool_stride, self.pool_shape, fix_stride, "pool_stride"
        )
        pooled = pooled_shape(detectors, self.pool_shape, self.pool_stride)
        self.detector_shape = detectors
        self.output_space = Conv2DSpace(pooled, num_channels=self.num_channels, axes=_C01B)
        self._make_params(space.num_channels)

    def _fitting(self, sizes: list[int], most: Sequence[int], cut: bool, name: str) -> list[int]:
        if not cut and any(size > limit for size, limit in zip(sizes, most, strict=True)):
            raise ConfigError(
                f"layer {self.layer_name!r}: {name} {sizes} exceeds {list(most)}. "
                f"Make it smaller, or give fix_{name}: 1."
            )
        return [min(size, limit) for size, limit in zip(sizes, most, strict=True)]

    def _make_params(self, input_channels: int) -> None:
        channels = self.num_channels * self.num_pieces
        shape = (input_channels, *self.kernel_shape, channels)
        assert self.irange is not None
        W = self.mlp.rng.uniform(-self.irange, self.irange, shape)
        biases = (channels,) if self.tied_b else (channels, *self.detector_shape)
        self.W = sharedX(W, name=f"{self.layer_name}_W")
        first = filled(self.init_bias, biases, f"layer {self.layer_name!r}: init_bias")
        self.b = sharedX(first, name=f"{self.layer_name}_b")
        self._params = [self.W, self.b]

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        if self.W in updates:
            self._bound_W(updates, axis=(0, 1, 2), limit=self.max_kernel_norm)

    def get_weights_topo(self) -> Array:
        """The kernels as pictures, shape (channels, rows, columns, input channels)."""
        values: Array = self.W.get_value().transpose(3, 1, 2, 0)
        return values

    # Forward ----------------------------------------------------------------------------------

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values after pooling, in `output_space`."""
        self.input_space.validate(state_below)
        before, among, after = self.normalizations
        if before is not None:
            state_below = self._normalized(before, state_below, self.input_space.axes)
        units = self._units(Conv2DSpace.convert(state_below, self.input_space.axes, _BC01))
        if among is not None:
            units = self._normalized(among, units, _BC01)
        pooled = max_pool(units, self.pool_shape, self.pool_stride, self.detector_shape)
        output = Conv2DSpace.convert(pooled, _BC01, _C01B)
        return output if after is None else after(output)

    def _units(self, images: Symbol) -> Symbol:
        """The maxout units of images in the order ('b', 'c', 0, 1)."""
        from pylearn2core.engine.ops.conv import convolve

        if self.pad:
            ends = ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad))
            images = pt.pad(images, ends)
        kernels = self.W.dimshuffle(3, 0, 1, 2)[:, :, ::-1, ::-1]
        z = convolve(images, kernels, "valid", tuple(self.kernel_stride))
        z = z + self.b.dimshuffle(*(("x", 0, "x", "x") if self.tied_b else ("x", 0, 1, 2)))
        shape = (z.shape[0], self.num_channels, self.num_pieces, *self.detector_shape)
        units = z.reshape(shape).max(axis=2) if self.num_pieces > 1 else z
        return rectify(units) if self.min_zero else units

    @staticmethod
    def _normalized(normalize: Callable[[Any], Any], state: Symbol, axes: Any) -> Symbol:
        return Conv2DSpace.convert(normalize(Conv2DSpace.convert(state, axes, _C01B)), _C01B, axes)

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """The kernels' norms; statistics of the units under Pylearn2's names."""
        norms = pt.sqrt(pt.sqr(self.W).sum(axis=(0, 1, 2)))
        channels = min_mean_max("kernel_norms", norms)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            flat = state.reshape((-1, state.shape[3])).T
            prefix = "" if self.num_pieces == 1 else "p_"
            channels.update(unit_statistics(flat, prefix=prefix, between="."))
        return channels
