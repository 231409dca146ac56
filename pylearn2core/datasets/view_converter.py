"""Between rows of a design matrix and images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.space import Conv2DSpace, VectorSpace
from pylearn2core.space.conv2d import Axes, check_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pylearn2core.space import Space
    from pylearn2core.types import Array

# How a row of a design matrix runs through its image: channel by channel.
STORED: Axes = ("b", "c", 0, 1)


class DefaultViewConverter:
    """Rows hold an image channel by channel; `axes` is the order of the topological view.

    shape: (rows, columns, channels).
    """

    def __init__(
        self, shape: Sequence[int], axes: Sequence[int | str] = Conv2DSpace.default_axes
    ) -> None:
        if len(shape) != 3:
            raise ValueError(f"shape must be (rows, columns, channels), got {tuple(shape)}")
        self.shape = tuple(int(size) for size in shape)
        self.set_axes(axes)

    def set_axes(self, axes: Sequence[int | str]) -> None:
        """Change the order of the topological view's axes."""
        self.axes = check_axes(axes)
        self.topo_space = self._space(self.axes)

    @property
    def stored_space(self) -> Conv2DSpace:
        """The space of a design matrix reshaped to images: no values move."""
        return self._space(STORED)

    def _space(self, axes: Axes) -> Conv2DSpace:
        return Conv2DSpace(self.shape[:2], num_channels=self.shape[2], axes=axes)

    def view_shape(self) -> tuple[int, ...]:
        """(rows, columns, channels)."""
        return self.shape

    def weights_view_shape(self) -> tuple[int, ...]:
        """(rows, columns, channels)."""
        return self.shape

    def stored_images(self, design_matrix: Array) -> Array:
        """A design matrix (n, rows * columns * channels) as images in `stored_space`; no copy."""
        pixels = int(np.prod(self.shape))
        if design_matrix.ndim != 2 or design_matrix.shape[1] != pixels:
            raise ValueError(
                f"images of shape {self.shape} need rows of {pixels} values, "
                f"got a design matrix of shape {design_matrix.shape}"
            )
        rows, columns, channels = self.shape
        return design_matrix.reshape(len(design_matrix), channels, rows, columns)

    def design_mat_to_topo_view(self, design_matrix: Array) -> Any:
        """A design matrix (n, rows * columns * channels) as images in the order `axes`."""
        return Conv2DSpace.convert_numpy(self.stored_images(design_matrix), STORED, self.axes)

    def design_mat_to_weights_view(self, X: Array) -> Any:
        """Rows as images in the order ('b', 0, 1, 'c'), for showing."""
        return Conv2DSpace.convert_numpy(self.stored_images(X), STORED, Conv2DSpace.default_axes)

    def topo_view_to_design_mat(self, topo_array: Array) -> Any:
        """Images in the order `axes` as rows of a design matrix."""
        if topo_array.ndim != 4:
            raise ValueError(f"images must have 4 dimensions, got the shape {topo_array.shape}")
        stored = Conv2DSpace.convert_numpy(topo_array, self.axes, STORED)
        rows, columns, channels = self.shape
        if stored.shape[1:] != (channels, rows, columns):
            raise ValueError(
                f"expected images of {rows} x {columns} with {channels} channels in the order "
                f"{self.axes}, got the shape {topo_array.shape}"
            )
        return stored.reshape(len(stored), -1)

    def get_formatted_batch(self, batch: Array, dspace: Space) -> Any:
        """Rows of the design matrix in `dspace`: as images for a Conv2DSpace, else as vectors."""
        if isinstance(dspace, Conv2DSpace):
            return self.stored_space.np_format_as(self.stored_images(batch), dspace)
        return VectorSpace(batch.shape[1], dtype=None).np_format_as(batch, dspace)
