"""Draw the weights of a saved model's first layer, a picture a unit: `show_weights.py MODEL.pkl`.

A unit's weights are drawn as its inputs look: the model names the dataset that it was trained on,
which knows how its rows are images. Black is negative, white positive, mid-grey zero.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.scripts import pictures, saved

if TYPE_CHECKING:
    from pylearn2core.models.model import Model
    from pylearn2core.types import Array


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where the file can't be used."""
    parser = argparse.ArgumentParser(prog="show_weights.py", description=__doc__)
    add = parser.add_argument
    add("path", metavar="MODEL.pkl", help="a model that was trained")
    add(
        "--rescale",
        choices=pictures.RESCALE,
        default="individual",
        help="divide each unit's weights by their own largest magnitude, or by that of all",
    )
    add("--border", action="store_true", help="frame each picture")
    add("--out", metavar="FILE", help="where to draw: .png, .svg ...; MODEL.weights.png if not set")
    options = parser.parse_args(argv)
    return saved.report(lambda: draw(options.path, options.rescale, options.border, options.out))


def draw(path: str, rescale: str, border: bool, out: str | None) -> None:
    """Draw the weights of the model in the file at `path`, and say where.

    Raises ConfigError where that is no model with weights that can be drawn.
    """
    import numpy as np

    model = saved.load(path)
    saved.params_of(model, path)
    images = weight_images(model, path)
    norms = np.sqrt(np.square(images).sum(axis=(1, 2, 3)))
    print(
        f"{len(images)} units, norms of their weights: "
        f"min {norms.min():.6g}, mean {norms.mean():.6g}, max {norms.max():.6g}"
    )
    images = pictures.as_seen(images)
    out = out or f"{Path(path).stem}.weights.png"
    shape = _grid(model, len(images))
    pictures.save(pictures.mosaic(pictures.rescaled(images, rescale), shape, border), out)
    print(f"wrote {out}")


def weight_images(model: Model, path: str) -> Any:
    """The first layer's weights as images, shape (units, rows, columns, channels)."""
    try:
        return model.get_weights_topo()
    except (UnsupportedError, NotImplementedError, AttributeError):
        pass  # its inputs are vectors to it; the dataset knows better
    weights = _one_row_a_unit(model, path)
    dataset = saved.dataset_of(model, path)
    if dataset is None:
        raise ConfigError(
            f"{path}: the model does not say which dataset it was trained on, so there is no "
            f"knowing how {weights.shape[1]} inputs are an image. Train it from a YAML file."
        )
    try:
        return dataset.get_weights_view(weights)
    except (AttributeError, ValueError) as err:
        raise ConfigError(f"{path}: its weights can't be seen as images: {err}.") from err


def _one_row_a_unit(model: Model, path: str) -> Array:
    try:
        weights = model.get_weights()
    except (NotImplementedError, AttributeError) as err:
        raise ConfigError(f"{path}: a {type(model).__name__} has no weights to draw.") from err
    form = getattr(model, "get_weights_format", lambda: ("v", "h"))()
    return weights if tuple(form) == ("h", "v") else weights.T


def _grid(model: Model, count: int) -> tuple[int, int]:
    """The model's own grid, where it has one that fits; else a nearly square one."""
    try:
        rows, columns = model.get_weights_view_shape()
    except (NotImplementedError, AttributeError):
        return pictures.grid_shape(count)
    return (rows, columns) if rows * columns == count else pictures.grid_shape(count)


if __name__ == "__main__":
    sys.exit(main())
