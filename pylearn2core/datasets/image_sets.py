"""How sets of images are shown, by the scale of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix

if TYPE_CHECKING:
    from pylearn2core.types import Array


class GreyImages(DenseDesignMatrix):
    """Images of one channel, values in [0, 1]."""

    def adjust_for_viewer(self, X: Array) -> Array:
        """Values in [0, 1] as values in [-1, 1], clipped."""
        return np.clip(X * 2.0 - 1.0, -1.0, 1.0)

    def adjust_to_be_viewed_with(
        self, X: Array, orig: Array, per_example: bool | None = False
    ) -> Array:
        """As `adjust_for_viewer`: the scale does not depend on the values."""
        return self.adjust_for_viewer(X)


class Photographs(DenseDesignMatrix):
    """Colour images whose bytes 0..255 were perhaps centred, rescaled or normalised."""

    center: bool = False
    rescale: bool = False
    gcn: float | None = None

    def adjust_for_viewer(self, X: Array) -> Array:
        """Values in [-1, 1]; each image by its own largest magnitude after gcn."""
        return self.adjust_to_be_viewed_with(X, X, per_example=True)

    def adjust_to_be_viewed_with(
        self, X: Array, orig: Array, per_example: bool | None = False
    ) -> Array:
        """X in the scale in which `orig` is shown, which only gcn makes depend on the values."""
        if self.gcn is not None:
            return super().adjust_to_be_viewed_with(X, orig, per_example)
        shift = 0.0 if self.center else 127.5
        return np.clip((X - shift) / (1.0 if self.rescale else 127.5), -1.0, 1.0)
