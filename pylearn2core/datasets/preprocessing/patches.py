"""Small images out of larger ones, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.preprocessing.base import Preprocessor
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.rng import copy_rng, make_np_rng
from pylearn2core.space import Conv2DSpace

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.types import Array, SeedOrRng


class ExtractPatches(Preprocessor):
    """Replaces the images by patches from random places in random images; targets are dropped.

    patch_shape: (rows, columns).    rng: the same patches' places come at every apply.
    """

    def __init__(self, patch_shape: Any, num_patches: int, rng: SeedOrRng | None = None) -> None:
        self.patch_shape = _pair(patch_shape, "patch_shape")
        self.num_patches = num_patches
        self.start_rng = make_np_rng(rng, [1, 2, 3], which_method=["randint"])

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        images = _images(dataset)
        rows, columns = self.patch_shape
        _check_fits(self.patch_shape, images.shape[1:3])
        rng = copy_rng(self.start_rng)
        patches = np.empty((self.num_patches, rows, columns, images.shape[3]), images.dtype)
        for patch in patches:
            image = images[rng.randint(len(images))]
            top = rng.randint(image.shape[0] - rows + 1)
            left = rng.randint(image.shape[1] - columns + 1)
            patch[...] = image[top : top + rows, left : left + columns]
        _replace(dataset, patches)


class ExtractGridPatches(Preprocessor):
    """Replaces each image by its patches on a grid, row by row; targets are dropped.

    patch_shape, patch_stride: (rows, columns).
    """

    def __init__(self, patch_shape: Any, patch_stride: Any) -> None:
        self.patch_shape = _pair(patch_shape, "patch_shape")
        self.patch_stride = _pair(patch_stride, "patch_stride")

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        images = _images(dataset)
        _check_fits(self.patch_shape, images.shape[1:3])
        windows = np.lib.stride_tricks.sliding_window_view(images, self.patch_shape, axis=(1, 2))
        grid = windows[:, :: self.patch_stride[0], :: self.patch_stride[1]]
        patches = grid.transpose(0, 1, 2, 4, 5, 3)
        _replace(dataset, patches.reshape(-1, *self.patch_shape, images.shape[3]))


class ReassembleGridPatches(Preprocessor):
    """The inverse of ExtractGridPatches with a stride of patch_shape.

    orig_shape: (rows, columns) of the images, multiples of patch_shape.
    """

    def __init__(self, orig_shape: Any, patch_shape: Any) -> None:
        self.orig_shape = _pair(orig_shape, "orig_shape")
        self.patch_shape = _pair(patch_shape, "patch_shape")
        if any(whole % part for whole, part in zip(self.orig_shape, self.patch_shape, strict=True)):
            raise ValueError(
                f"orig_shape {self.orig_shape} must be a multiple of patch_shape {self.patch_shape}"
            )

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """can_fit changes nothing."""
        patches = _images(dataset)
        if patches.shape[1:3] != self.patch_shape:
            raise ValueError(f"expected patches {self.patch_shape}, got {patches.shape[1:3]}")
        down, across = (
            whole // part for whole, part in zip(self.orig_shape, self.patch_shape, strict=True)
        )
        if len(patches) % (down * across):
            raise ValueError(f"{len(patches)} patches are no multiple of {down} x {across}")
        channels = patches.shape[3]
        grid = patches.reshape(-1, down, across, *self.patch_shape, channels)
        _replace(dataset, grid.transpose(0, 1, 3, 2, 4, 5).reshape(-1, *self.orig_shape, channels))


def _images(dataset: DenseDesignMatrix) -> Any:
    """The topological view in the order ('b', 0, 1, 'c')."""
    view = dataset.get_topological_view()
    return Conv2DSpace.convert_numpy(view, dataset.view_converter.axes, Conv2DSpace.default_axes)


def _replace(dataset: DenseDesignMatrix, images: Array) -> None:
    axes = dataset.view_converter.axes
    converter = DefaultViewConverter(images.shape[1:], axes)
    view = Conv2DSpace.convert_numpy(images, Conv2DSpace.default_axes, axes)
    # The rows stop being the examples that the targets belong to.
    dataset.y = None
    dataset.y_labels = None
    dataset.view_converter = converter
    dataset.set_design_matrix(converter.topo_view_to_design_mat(view))


def _pair(sizes: Any, name: str) -> tuple[int, int]:
    found = tuple(int(size) for size in sizes)
    if len(found) != 2 or min(found) < 1:
        raise ValueError(f"{name} must be two positive sizes (rows, columns), got {sizes!r}")
    return found


def _check_fits(patch: tuple[int, int], image: tuple[int, ...]) -> None:
    if any(small > large for small, large in zip(patch, image, strict=True)):
        raise ValueError(f"patches of {patch} do not fit into images of {tuple(image)}")
