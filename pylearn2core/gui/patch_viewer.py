"""Many small pictures on one: PatchViewer."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core import paths
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.types import Array

log = logging.getLogger(__name__)


class PatchViewer:
    """A grid of patches, filled row by row; after the last place it begins anew.

    grid_shape: (rows, columns) of the grid.    patch_shape: (rows, columns) of a patch.
    is_color: patches have three channels, the last axis.
    pad: (rows, columns) of pixels between patches; 5 of each if None.
    background: the grey, or the colour, between them, in [0, 1].
    image: the picture so far, shape (height, width, 3), in [0, 1].
    """

    def __init__(
        self,
        grid_shape: Sequence[int],
        patch_shape: Sequence[int],
        is_color: bool = False,
        pad: Sequence[int] | None = None,
        background: Any = None,
    ) -> None:
        if min(*grid_shape, *patch_shape) < 1:
            raise ConfigError(
                f"PatchViewer: expected sizes above 0, got the grid {tuple(grid_shape)} and "
                f"patches of {tuple(patch_shape)}."
            )
        self.grid_shape = tuple(int(size) for size in grid_shape)
        self.patch_shape = tuple(int(size) for size in patch_shape)
        self.is_color = is_color
        self.pad = (5, 5) if pad is None else tuple(int(size) for size in pad)
        sizes = zip(self.grid_shape, self.patch_shape, self.pad, strict=True)
        height, width = (count * (patch + gap) + gap for count, patch, gap in sizes)
        self.background = np.zeros(3) + (0.0 if background is None else background)
        self.image = np.empty((height, width, 3))
        self.clear()

    def clear(self) -> None:
        """Take all patches away."""
        self.image[:] = self.background
        self.cur_pos = (0, 0)

    def add_patch(
        self,
        patch: Array,
        rescale: bool = True,
        recenter: bool = True,
        activation: Any = None,
        warn_blank_patch: bool = True,
    ) -> None:
        """Draw the next patch.

        patch: shape patch_shape, with a last axis of 1, or of 3 if is_color. -1 is black, 1 white.
        rescale: divide by its largest magnitude.    recenter: a smaller patch lies in the middle
        of its place, else at its upper left.
        activation: a number in [0, 1], or up to three: how bright the frame around it is.
        """
        shown = self._as_colours(np.asarray(patch, dtype=np.float64))
        top = np.abs(shown).max() if shown.size else 0.0
        if warn_blank_patch and top == 0.0:
            log.warning("PatchViewer: an all-zero patch.")
        if rescale and top > 0:
            shown = shown / top
        shown = (np.clip(shown, -1.0, 1.0) + 1.0) / 2.0
        row, column = self._next_corner()
        if activation is not None:
            self._frame(row, column, activation)
        room = (self.patch_shape[0] - shown.shape[0], self.patch_shape[1] - shown.shape[1])
        if recenter:
            row, column = row + room[0] // 2, column + room[1] // 2
        self.image[row : row + shown.shape[0], column : column + shown.shape[1]] = shown

    def _as_colours(self, patch: Array) -> Any:
        channels = 3 if self.is_color else 1
        if patch.ndim == 2 and not self.is_color:
            patch = patch[:, :, None]
        fits = patch.ndim == 3 and patch.shape[2] == channels
        if not fits or patch.shape[0] > self.patch_shape[0] or patch.shape[1] > self.patch_shape[1]:
            raise ConfigError(
                f"PatchViewer: expected a patch of {self.patch_shape} with {channels} channels, "
                f"got the shape {patch.shape}."
            )
        return patch if self.is_color else np.repeat(patch, 3, axis=2)

    def _next_corner(self) -> tuple[int, int]:
        row, column = self.cur_pos
        following = row * self.grid_shape[1] + column + 1
        places = self.grid_shape[0] * self.grid_shape[1]
        self.cur_pos = divmod(following % places, self.grid_shape[1])
        return (
            self.pad[0] + row * (self.patch_shape[0] + self.pad[0]),
            self.pad[1] + column * (self.patch_shape[1] + self.pad[1]),
        )

    def _frame(self, row: int, column: int, activation: Any) -> None:
        colour = np.zeros(3)
        given = np.atleast_1d(np.asarray(activation, dtype=np.float64))
        colour[: len(given)] = given
        down, across = self.pad[0] // 2, self.pad[1] // 2
        bottom, right = row + self.patch_shape[0], column + self.patch_shape[1]
        self.image[row - down : bottom + down, column - across : right + across] = colour

    def get_img(self) -> Any:
        """The picture as Pillow's."""
        from PIL import Image

        return Image.fromarray(np.rint(self.image * 255).astype(np.uint8))

    def save(self, path: str) -> None:
        """Write the picture; the name's end says the format. Raises ConfigError where it can't."""
        try:
            self.get_img().save(paths.to_write(path))
        except (ValueError, OSError) as err:
            raise ConfigError(f"can't write {path}: {err}") from err

    def show(self) -> None:
        """Write the picture to `patches.png`: no window is opened."""
        self.save("patches.png")
        log.info("wrote patches.png")


def make_viewer(
    mat: Array,
    grid_shape: Sequence[int] | None = None,
    patch_shape: Sequence[int] | None = None,
    activation: Any = None,
    pad: Sequence[int] | None = None,
    is_color: bool = False,
    rescale: bool = True,
) -> PatchViewer:
    """A PatchViewer with a patch for each row of a matrix.

    grid_shape: nearly square if None.    patch_shape: a square if None; its channels come last.
    activation: one for each row.
    """
    channels = 3 if is_color else 1
    if patch_shape is None:
        side = math.isqrt(mat.shape[1] // channels)
        if side * side * channels != mat.shape[1]:
            raise ConfigError(
                f"make_viewer: rows of {mat.shape[1]} values are no square; give patch_shape."
            )
        patch_shape = (side, side)
    if grid_shape is None:
        columns = math.ceil(math.sqrt(len(mat)))
        grid_shape = (math.ceil(len(mat) / columns), columns)
    viewer = PatchViewer(grid_shape, patch_shape[:2], is_color, pad)
    for index, row in enumerate(mat):
        lit = None if activation is None else activation[index]
        patch = row.reshape(*patch_shape[:2], channels)
        viewer.add_patch(patch, rescale=rescale, activation=lit)
    return viewer
