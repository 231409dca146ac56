"""Local contrast normalisation of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.ndimage

from pylearn2core.datasets.preprocessing.base import ExamplewisePreprocessor
from pylearn2core.space import Conv2DSpace

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.types import Array

SIGMA = 2.0  # of the Gaussian window, in pixels


class LeCunLCN(ExamplewisePreprocessor):
    """Subtracts a Gaussian-weighted local mean, then divides by a local deviation.

    The deviation is the root of the local mean of the image's own squares, and the first of the
    channels is normalised alone: Pylearn2's arithmetic. The divisor is at least its mean over the
    image, and at least `threshold`.
    img_shape: (rows, columns).    kernel_size: odd, pixels across the window.
    channels: those to normalise, a list or one of them; all if None.
    paper: the standard deviation around the local mean, and each of the channels, as the paper
        has it.
    Source: Jarrett et al. 2009, "What is the best multi-stage architecture for object recognition?"
    """

    def __init__(
        self,
        img_shape: Any,
        kernel_size: int = 7,
        batch_size: int = 5000,
        threshold: float = 1e-4,
        channels: Any = None,
        *,
        paper: bool = False,
    ) -> None:
        if kernel_size % 2 != 1:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")
        self._img_shape = tuple(int(size) for size in img_shape)
        self._kernel_size = kernel_size
        self._batch_size = batch_size
        self._threshold = threshold
        self._channels = [channels] if isinstance(channels, int) else channels
        self._paper = paper

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        axes = dataset.view_converter.axes
        images = Conv2DSpace.convert_numpy(
            dataset.get_topological_view(), axes, Conv2DSpace.default_axes
        )
        if images.shape[1:3] != self._img_shape:
            raise ValueError(f"expected images of {self._img_shape}, got {images.shape[1:3]}")
        images = images.copy()
        channels = range(images.shape[3]) if self._channels is None else self._channels
        for channel in channels if self._paper else list(channels)[:1]:
            for start in range(0, len(images), self._batch_size):
                part = images[start : start + self._batch_size, :, :, channel]
                part[...] = self._normalised(part)
        dataset.set_topological_view(
            Conv2DSpace.convert_numpy(images, Conv2DSpace.default_axes, axes), axes
        )

    def _normalised(self, images: Array) -> Any:
        return lecun_lcn(
            images, self._img_shape, self._kernel_size, self._threshold, paper=self._paper
        )


def lecun_lcn(
    input: Array,
    img_shape: Any,
    kernel_shape: int,
    threshold: float = 1e-4,
    *,
    paper: bool = False,
) -> Any:
    """Images of one channel, shape (n, rows, columns), normalised; zeros lie around each.

    paper: as for LeCunLCN.
    """
    images = input.reshape(len(input), *img_shape)
    window = gaussian_filter(kernel_shape)[None].astype(images.dtype)
    centred = images - scipy.ndimage.correlate(images, window, mode="constant")
    squares = (centred if paper else images) ** 2
    deviation = np.sqrt(scipy.ndimage.correlate(squares, window, mode="constant"))
    divisor = np.maximum(deviation, deviation.mean(axis=(1, 2), keepdims=True))
    return centred / np.maximum(divisor, threshold)


def gaussian_filter(kernel_shape: int) -> Any:
    """A Gaussian of deviation 2 over kernel_shape x kernel_shape pixels; its sum is 1."""
    offsets = np.arange(kernel_shape) - kernel_shape // 2
    squares = offsets[:, None] ** 2 + offsets[None, :] ** 2
    window = np.exp(-squares / (2 * SIGMA**2))
    return window / window.sum()
