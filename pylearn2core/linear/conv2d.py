"""Convolution as a linear transform, and the draws of its first kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.linear_transform import LinearTransform
from pylearn2core.rng import make_np_rng
from pylearn2core.space import Conv2DSpace
from pylearn2core.space.conv2d import check_axes
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.types import Array, SeedOrRng, Symbol

SEED = [2012, 11, 6, 9]


class Conv2D(LinearTransform):
    """Images to their convolution with kernels (flipped, as the mathematical convolution has it).

    filters: shared variable, shape (output channels, input channels, rows, columns).
    batch_size: heard of, not needed.
    input_space: a Conv2DSpace in any order of its axes.
    output_axes: the order of the output's axes.
    subsample: rows and columns from one output to the next.
    border_mode: 'valid' for kernels inside the image, 'full' for all that touch it.
    filters_shape: of `filters`, where that is no shared variable.
    message: ends the error about a wrong shape.
    """

    def __init__(
        self,
        filters: Symbol,
        batch_size: int | None,
        input_space: Conv2DSpace,
        output_axes: Sequence[int | str] = ("b", 0, 1, "c"),
        subsample: Sequence[int] = (1, 1),
        border_mode: str = "valid",
        filters_shape: Sequence[int] | None = None,
        message: str = "",
    ) -> None:
        shape = filters.get_value(borrow=True).shape if filters_shape is None else filters_shape
        if len(shape) != 4 or shape[1] != input_space.num_channels:
            raise ConfigError(
                f"Conv2D: filters must have the shape (output channels, "
                f"{input_space.num_channels} input channels, rows, columns), got {tuple(shape)}. "
                + message
            )
        self._filters = filters
        self._subsample = (int(subsample[0]), int(subsample[1]))
        self._border_mode = border_mode
        self.input_space = input_space
        self.output_space = Conv2DSpace(
            convolved_shape(input_space.shape, shape[2:], border_mode, subsample),
            num_channels=int(shape[0]),
            axes=check_axes(output_axes),
            dtype=input_space.dtype,
        )
        self.set_batch_size(batch_size)

    def set_batch_size(self, batch_size: int | None) -> None:
        """Note the batch size; any batch is taken."""
        self.batch_size = batch_size

    def get_params(self) -> list[Symbol]:
        """The kernels alone."""
        return [self._filters]

    def lmul(self, x: Symbol) -> Symbol:
        """A batch of `input_space` convolved, in `output_space`."""
        from pylearn2core.engine.ops.conv import convolve

        images = Conv2DSpace.convert(x, self.input_space.axes, ("b", "c", 0, 1))
        outputs = convolve(images, self._filters, self._border_mode, self._subsample)
        return Conv2DSpace.convert(outputs, ("b", "c", 0, 1), self.output_space.axes)

    def lmul_T(self, x: Symbol) -> Symbol:
        """A batch of `output_space` mapped back to `input_space` by the transpose of `lmul`."""
        from pylearn2core.engine.ops.conv import convolve_transposed

        outputs = Conv2DSpace.convert(x, self.output_space.axes, ("b", "c", 0, 1))
        images = convolve_transposed(
            outputs, self._filters, self.input_space.shape, self._border_mode, self._subsample
        )
        return Conv2DSpace.convert(images, ("b", "c", 0, 1), self.input_space.axes)

    def lmul_sq_T(self, x: Symbol) -> Symbol:
        """`lmul_T` by the squares of the kernels."""
        from pylearn2core.engine.ops.conv import convolve_transposed

        outputs = Conv2DSpace.convert(x, self.output_space.axes, ("b", "c", 0, 1))
        images = convolve_transposed(
            outputs,
            pt.sqr(self._filters),
            self.input_space.shape,
            self._border_mode,
            self._subsample,
        )
        return Conv2DSpace.convert(images, ("b", "c", 0, 1), self.input_space.axes)

    def get_weights_topo(self, borrow: bool = False) -> Array:
        """The kernels as pictures, shape (output channels, rows, columns, input channels)."""
        return np.transpose(self._filters.get_value(borrow=borrow), (0, 2, 3, 1))


def convolved_shape(
    image: Sequence[int], kernel: Sequence[int], border_mode: str, stride: Sequence[int]
) -> tuple[int, int]:
    """(rows, columns) of a convolution's output. Raises ConfigError for a kernel too large."""
    from pylearn2core.engine.ops.images import output_shape

    return output_shape(image, kernel, border_mode, stride)


def make_random_conv2D(
    irange: float,
    input_space: Conv2DSpace,
    output_space: Conv2DSpace,
    kernel_shape: Sequence[int],
    batch_size: int | None = None,
    subsample: Sequence[int] = (1, 1),
    border_mode: str = "valid",
    message: str = "",
    rng: SeedOrRng | None = None,
) -> Conv2D:
    """A Conv2D with kernels drawn uniformly from (-irange, irange)."""
    shape = (output_space.num_channels, input_space.num_channels, *kernel_shape)
    rng = make_np_rng(rng, SEED, which_method="uniform")
    filters = sharedX(rng.uniform(-irange, irange, shape))
    axes = output_space.axes
    return Conv2D(filters, batch_size, input_space, axes, subsample, border_mode, message=message)


def make_normal_conv2D(
    istdev: float,
    input_space: Conv2DSpace,
    output_space: Conv2DSpace,
    kernel_shape: Sequence[int],
    batch_size: int | None = None,
    subsample: Sequence[int] = (1, 1),
    border_mode: str = "valid",
    message: str = "",
    rng: SeedOrRng | None = None,
) -> Conv2D:
    """A Conv2D with normally distributed kernels of standard deviation `istdev`."""
    shape = (output_space.num_channels, input_space.num_channels, *kernel_shape)
    rng = make_np_rng(rng, SEED, which_method="normal")
    filters = sharedX(rng.normal(0.0, istdev, shape))
    axes = output_space.axes
    return Conv2D(filters, batch_size, input_space, axes, subsample, border_mode, message=message)
