"""Many small pictures as one: the weights of units, or the examples of a dataset."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.types import Array

RESCALE = ("individual", "global", "none")
# A picture's shorter side is at least so many pixels long in the file.
_SIDE = 56
_GAP = np.array([0.16, 0.20, 0.38])  # between pictures: a colour that no grey picture has
_BORDER = np.array([1.0, 0.62, 0.11])


def grid_shape(count: int) -> tuple[int, int]:
    """(rows, columns) of a nearly square grid for `count` pictures, no row empty."""
    columns = max(1, math.ceil(math.sqrt(count)))
    return max(1, math.ceil(count / columns)), columns


def as_seen(images: Array) -> Array:
    """Images of one or three channels, shape (n, rows, columns, channels).

    What has another number of channels, no eye can see at once: each becomes a grey image.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ConfigError(f"images must have 4 dimensions, got the shape {images.shape}.")
    if images.shape[3] in (1, 3):
        return images
    n, rows, columns, channels = images.shape
    return images.transpose(0, 3, 1, 2).reshape(n * channels, rows, columns, 1)


def rescaled(images: Array, rescale: str) -> Array:
    """Images whose values lie in [-1, 1].

    rescale: 'individual' divides each by its own largest magnitude, 'global' all by that of all,
    'none' cuts off what lies outside.
    """
    if rescale not in RESCALE:
        raise ConfigError(f"rescale must be one of {', '.join(RESCALE)}, got {rescale!r}.")
    images = np.nan_to_num(np.asarray(images, dtype=np.float64))
    if rescale == "none":
        return np.clip(images, -1.0, 1.0)
    axes = (1, 2, 3) if rescale == "individual" else None
    largest = np.abs(images).max(axis=axes, keepdims=True)
    return images / np.where(largest > 0, largest, 1.0)


def mosaic(images: Array, shape: tuple[int, int], border: bool = False) -> Array:
    """One picture of many, as colours in [0, 1], shape (height, width, 3).

    images: in [-1, 1] (black to white), shape (n, rows, columns, 1 or 3), row by row of the grid.
    shape: (rows, columns) of the grid.    border: frame each picture.
    """
    _, height, width, _ = images.shape
    scale = max(1, math.ceil(_SIDE / min(height, width)))
    frame = max(2, scale // 3) if border else 0
    gap = max(2, scale // 3)
    step = (height * scale + 2 * frame + gap, width * scale + 2 * frame + gap)
    canvas = np.empty((shape[0] * step[0] + gap, shape[1] * step[1] + gap, 3))
    canvas[:] = _GAP
    for index, image in enumerate(images[: shape[0] * shape[1]]):
        row, column = divmod(index, shape[1])
        top, left = gap + row * step[0], gap + column * step[1]
        tile = np.kron((image + 1) / 2, np.ones((scale, scale, 1)))
        if frame:
            canvas[top : top + step[0] - gap, left : left + step[1] - gap] = _BORDER
        top, left = top + frame, left + frame
        canvas[top : top + height * scale, left : left + width * scale] = tile
    return canvas


def save(picture: Array, out: str) -> None:
    """Write a picture (see `mosaic`) to a file whose suffix says the format: .png, .svg, .pdf ...

    Raises ConfigError for a format that is not known, and where the file can't be written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.image import imsave

    try:
        imsave(out, picture, format=Path(out).suffix[1:] or "png")
    except (ValueError, OSError) as err:
        raise ConfigError(f"can't write {out}: {err}") from err
