"""Local linear transforms: each output sees a window of the image, with weights of its own.

Tied to each other in tiles, the weights make a tiled convolution; a tile of 1 x 1 is a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.conv2d import convolved_shape
from pylearn2core.linear.linear_transform import LinearTransform
from pylearn2core.rng import make_np_rng
from pylearn2core.space import Conv2DSpace
from pylearn2core.space.conv2d import check_axes
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.types import Array, SeedOrRng, Symbol

SEED = [2012, 11, 6, 9]
_INSIDE = ("b", "c", 0, 1)


class TiledConv2D(LinearTransform):
    """Windows at every place of an image; places `tile` apart have the same weights.

    filters: shared variable, shape (tile rows, tile columns, output channels, input channels,
    window rows, window columns). The window at place (i, j) has the weights filters[i % tile rows,
    j % tile columns], flipped, as a convolution has it.
    input_space: a Conv2DSpace in any order of its axes.    output_axes: the order of the output's.
    subsample: rows and columns from one window to the next.
    Source: Le et al. 2010, "Tiled convolutional neural networks".
    """

    def __init__(
        self,
        filters: Symbol,
        input_space: Conv2DSpace,
        output_axes: Sequence[int | str] = _INSIDE,
        subsample: Sequence[int] = (1, 1),
    ) -> None:
        shape = filters.get_value(borrow=True).shape
        if len(shape) != 6 or shape[3] != input_space.num_channels:
            raise ConfigError(
                f"{type(self).__name__}: filters must have the shape (rows and columns of places, "
                f"output channels, {input_space.num_channels} input channels, window rows, window "
                f"columns), got {tuple(shape)}."
            )
        self._filters = filters
        self._shape = tuple(int(size) for size in shape)
        self._window = self._shape[4:]
        self._subsample = (int(subsample[0]), int(subsample[1]))
        self.input_space = input_space
        self.output_space = Conv2DSpace(
            convolved_shape(input_space.shape, self._window, "valid", subsample),
            num_channels=int(shape[2]),
            axes=check_axes(output_axes),
            dtype=input_space.dtype,
        )
        self._check_places(shape[:2], self.output_space.shape)

    def _check_places(self, given: Sequence[int], places: Sequence[int]) -> None:
        if any(size > there for size, there in zip(given, places, strict=True)):
            raise ConfigError(
                f"TiledConv2D: a tile of {given[0]} x {given[1]} is larger than the "
                f"{places[0]} x {places[1]} places that a window can have."
            )

    def get_params(self) -> list[Symbol]:
        """The filters alone."""
        return [self._filters]

    def lmul(self, x: Symbol) -> Symbol:
        """A batch of `input_space` seen through the windows, in `output_space`."""
        images = Conv2DSpace.convert(x, self.input_space.axes, _INSIDE)
        outputs = self._product(images)
        return Conv2DSpace.convert(outputs, _INSIDE, self.output_space.axes)

    def lmul_T(self, x: Symbol) -> Symbol:
        """A batch of `output_space` mapped back to `input_space` by the transpose of `lmul`."""
        outputs = Conv2DSpace.convert(x, self.output_space.axes, _INSIDE)
        outputs = _declared(outputs, self.output_space)
        seen = pt.matmul(outputs.dimshuffle(2, 3, 0, 1), self._weights()).dimshuffle(2, 3, 0, 1)
        channels, (rows, columns) = self.input_space.num_channels, self.input_space.shape
        images = pt.zeros((outputs.shape[0], channels, rows, columns), dtype=seen.dtype)
        for place, window in enumerate(self._windows()):
            part = seen[:, place * channels : (place + 1) * channels]
            images = pt.inc_subtensor(images[window], part)
        return Conv2DSpace.convert(images, _INSIDE, self.input_space.axes)

    def _product(self, images: Symbol) -> Symbol:
        """Return shape (b, output channels, rows, columns) for images (b, c, rows, columns)."""
        images = _declared(images, self.input_space)
        seen = pt.concatenate([images[window] for window in self._windows()], axis=1)
        weights = self._weights().dimshuffle(0, 1, 3, 2)
        return pt.matmul(seen.dimshuffle(2, 3, 0, 1), weights).dimshuffle(2, 3, 0, 1)

    def _windows(self) -> list[tuple[slice, ...]]:
        """For each place in a window, from the first row on: what all windows have there."""
        there, step = self.output_space.shape, self._subsample
        return [
            (slice(None), slice(None), *map(_places, (row, column), there, step))
            for row, column in np.ndindex(*self._window)
        ]

    def _weights(self) -> Symbol:
        """The weights at every place, shape (rows, columns, outputs, window places x inputs)."""
        filters = pt.specify_shape(self._filters, self._shape)[..., ::-1, ::-1]
        places = self.output_space.shape
        if self._shape[:2] != places:
            rows, columns = (
                np.arange(there, dtype="int64") % size
                for there, size in zip(places, self._shape[:2], strict=True)
            )
            filters = filters[rows[:, None], columns[None, :]]
            filters = pt.specify_shape(filters, (*places, *self._shape[2:]))
        inputs = int(np.prod(self._shape[3:]))
        ordered = filters.dimshuffle(0, 1, 2, 4, 5, 3)
        return ordered.reshape((*places, self._shape[2], inputs))

    def get_weights_topo(self) -> Array:
        """The filters as pictures, shape (places x output channels, rows, columns, channels)."""
        value = np.asarray(self._filters.get_value())
        return np.moveaxis(value.reshape(-1, *value.shape[3:]), 1, -1)


class Local(TiledConv2D):
    """Windows at every place of an image, each with weights of its own: no sharing.

    filters: shared variable, shape (rows of places, columns of places, output channels, input
    channels, window rows, window columns). The other arguments as TiledConv2D's.
    """

    def _check_places(self, given: Sequence[int], places: Sequence[int]) -> None:
        if tuple(given) != tuple(places):
            raise ConfigError(
                f"Local: a window has {places[0]} x {places[1]} places in this image, but the "
                f"filters are for {given[0]} x {given[1]}."
            )


def _declared(images: Symbol, space: Conv2DSpace) -> Symbol:
    """`images` (b, c, rows, columns) with their sizes known: a shape that is worked out while the
    program runs is no JAX program."""
    return pt.specify_shape(images, (None, space.num_channels, *space.shape))


def _places(first: int, count: int, step: int) -> slice:
    return slice(first, first + (count - 1) * step + 1, step)


def make_random_local(
    irange: float,
    input_space: Conv2DSpace,
    output_channels: int,
    kernel_shape: Sequence[int],
    output_axes: Sequence[int | str] = _INSIDE,
    subsample: Sequence[int] = (1, 1),
    rng: SeedOrRng | None = None,
) -> Local:
    """A Local with filters drawn uniformly from (-irange, irange)."""
    places = convolved_shape(input_space.shape, kernel_shape, "valid", subsample)
    filters = _uniform(irange, places, output_channels, input_space, kernel_shape, rng)
    return Local(filters, input_space, output_axes, subsample)


def make_random_tiled(
    irange: float,
    input_space: Conv2DSpace,
    output_channels: int,
    kernel_shape: Sequence[int],
    tile: Sequence[int],
    output_axes: Sequence[int | str] = _INSIDE,
    subsample: Sequence[int] = (1, 1),
    rng: SeedOrRng | None = None,
) -> TiledConv2D:
    """A TiledConv2D with filters drawn uniformly from (-irange, irange)."""
    filters = _uniform(irange, tile, output_channels, input_space, kernel_shape, rng)
    return TiledConv2D(filters, input_space, output_axes, subsample)


def _uniform(
    irange: float,
    places: Sequence[int],
    output_channels: int,
    space: Conv2DSpace,
    kernel_shape: Sequence[int],
    rng: SeedOrRng | None,
) -> Array:
    shape = (*places, output_channels, space.num_channels, *kernel_shape)
    rng = make_np_rng(rng, SEED, which_method="uniform")
    values: Array = sharedX(rng.uniform(-irange, irange, shape), name="W")
    return values
