"""Draw examples of a dataset: `show_examples.py DATASET.yaml`.

The dataset is described by a YAML file or text, or pickled; of a Train's YAML file its dataset is
shown, and of a saved model the dataset that it was trained on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylearn2core import paths
from pylearn2core.errors import ConfigError
from pylearn2core.scripts import pictures, saved

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where the dataset can't be shown."""
    parser = argparse.ArgumentParser(prog="show_examples.py", description=__doc__)
    add = parser.add_argument
    add("path", metavar="DATASET", help="a .yaml or .pkl file, or YAML text")
    add("--rows", type=_positive, default=20, help="rows of pictures; 20 if not set")
    add("--cols", type=_positive, default=20, help="columns of pictures; 20 if not set")
    add(
        "--rescale",
        choices=pictures.RESCALE,
        default="global",
        help="divide all examples by their largest magnitude, or each by its own",
    )
    add("--out", metavar="FILE", help="where to draw: .png, .svg ...; examples.png if not set")
    options = parser.parse_args(argv)
    shape = (options.rows, options.cols)
    return saved.report(
        lambda: draw(options.path, shape, options.rescale, options.out or "examples.png")
    )


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")
    return int(text)


def draw(path: str, shape: tuple[int, int], rescale: str, out: str) -> None:
    """Draw as many examples as fit into a grid of `shape`, and say where.

    Raises ConfigError where there is no dataset whose examples are images.
    """
    import numpy as np

    dataset = load_dataset(path)
    count = shape[0] * shape[1]
    if hasattr(dataset, "get_num_examples"):
        count = int(min(count, dataset.get_num_examples()))
    images = _images(dataset, count, path)
    norms = np.sqrt(np.square(images).sum(axis=(1, 2, 3)))
    print(f"norms of examples: min {norms.min():.6g}, mean {norms.mean():.6g}, ", end="")
    print(f"max {norms.max():.6g}")
    print(f"values from {images.min():.6g} to {images.max():.6g}, {images.dtype}")
    shown = pictures.as_seen(dataset.adjust_for_viewer(images))
    rows = -(-len(shown) // shape[1])
    picture = pictures.mosaic(pictures.rescaled(shown, rescale), (rows, min(shape[1], len(shown))))
    pictures.save(picture, out)
    print(f"wrote {out}")


def _images(dataset: DenseDesignMatrix, count: int, path: str) -> Any:
    """Consecutive examples from anywhere, in the order ('b', 0, 1, 'c')."""
    try:
        return dataset.get_weights_view(dataset.get_batch_design(count))
    except (AttributeError, ValueError, NotImplementedError) as err:
        raise ConfigError(
            f"{path}: a {type(dataset).__name__} has no examples that can be seen as images: {err}."
        ) from err


def load_dataset(path: str) -> Any:
    """The dataset that a file or a YAML text describes, or that a model was trained on."""
    from pylearn2core.config import yaml_parse

    file = Path(path).expanduser()
    if file.suffix in (".yaml", ".yml"):
        folder = file.absolute().parent
        saved.make_importable(folder)
        with paths.use(paths.Places(read=folder)):
            return _built(yaml_parse.load_path(str(file.absolute()), instantiate=False), path)
    if file.is_file():
        loaded = saved.load(path)
        model_data = saved.dataset_of(loaded, path) if hasattr(loaded, "get_params") else None
        return loaded if model_data is None else model_data
    saved.make_importable(Path.cwd())
    return _built(yaml_parse.load(path, instantiate=False), "the YAML text")


def _built(node: Any, source: str) -> Any:
    """The object of a tree of nodes; of a Train, its dataset alone."""
    from pylearn2core.config import nodes, yaml_parse

    if isinstance(node, list):
        node = node[0]
    if isinstance(node, nodes.Tagged) and str(node.tag).endswith(".Train"):
        pairs = node.body.pairs if isinstance(node.body, nodes.Mapping) else ()
        for key, value in pairs:
            if nodes.value_of(key) == "dataset":
                node = value
                break
    return yaml_parse.build(node, source=source)


if __name__ == "__main__":
    sys.exit(main())
