"""MNIST: 28 x 28 handwritten digits, 60,000 to train on and 10,000 to test on."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.handwriting import Handwriting, arranged
from pylearn2core.datasets.published import (
    Publication,
    Stamp,
    check_set,
    opened,
    targets,
)
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.types import Array

FILES = Publication(
    "MNIST",
    "mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
    "t10k-labels-idx1-ubyte.gz (gzipped or not)",
)
PREFIX = {"train": "train", "test": "t10k"}
UNSIGNED_BYTE = 8  # idx's code for the type of the elements


class MNIST(Handwriting):
    """One part of MNIST, float32 values in [0, 1], labels 0..9 as y of shape (n, 1).

    center: subtract each pixel's mean over the part.    binarize: 1 where a value exceeds 0.5.
    shuffle: in a random order, always the same.    one_hot: y of shape (n, 10) in place of labels.
    start, stop: keep these rows only, after all of the above.
    fit_test_preprocessor: `fit_preprocessor` of what `get_test_set` gives.
    A process reads the files once; datasets made alike share their arrays, read-only.
    """

    def __init__(
        self,
        which_set: str,
        center: bool = False,
        shuffle: bool = False,
        binarize: bool = False,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        preprocessor: PreprocessorLike | None = None,
        fit_preprocessor: bool = False,
        fit_test_preprocessor: bool = False,
        *,
        one_hot: bool = False,
    ) -> None:
        if which_set == "valid":
            raise ValueError(
                "MNIST has no validation set: take some of the training set, "
                "{ which_set: train, start: 50000, stop: 60000 } say"
            )
        check_set("MNIST", which_set, tuple(PREFIX))
        images, labels = (
            FILES.find(f"{PREFIX[which_set]}-{part}-ubyte")
            for part in ("images-idx3", "labels-idx1")
        )
        X, y, shape = _examples(images, labels, bool(binarize), center, shuffle, start, stop)
        super().__init__(
            X,
            shape,
            targets=targets(y, 10, one_hot),
            axes=axes,
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
            fit_test_preprocessor=fit_test_preprocessor,
            same={"center": center, "shuffle": shuffle, "one_hot": one_hot, "binarize": binarize},
        )

    def get_test_set(self) -> MNIST:
        """The test set, made as this one was; all of its rows."""
        return MNIST("test", **self._of_test_set)


@lru_cache(maxsize=4)
def _examples(
    images: Stamp,
    labels: Stamp,
    binarize: bool,
    center: bool,
    shuffle: bool,
    start: int | None,
    stop: int | None,
) -> tuple[Any, Any, tuple[int, int]]:
    """(X, y, (rows, columns) of an image)."""
    pixels, y = read_idx(images, 3), read_idx(labels, 1)
    if len(pixels) != len(y):
        raise ConfigError(
            f"MNIST: {images.path} has {len(pixels)} images, {labels.path} {len(y)} labels. "
            "Both must be of one part: download them again."
        )
    X = pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
    if binarize:
        X = (X > 0.5).astype(np.float32)
    X, y = arranged(X, y, center=center, shuffle=shuffle, start=start, stop=stop)
    return X, y, pixels.shape[1:]


def read_idx(stamp: Stamp, ndim: int) -> Array:
    """The array of bytes in an idx file: two zeros, type, number of axes, sizes, elements."""
    with opened(stamp) as stream:
        content = stream.read()
    head = struct.unpack(">HBB", content[:4]) if len(content) >= 4 else None
    if head != (0, UNSIGNED_BYTE, ndim):
        raise ConfigError(
            f"{stamp.path} is no idx file of bytes with {ndim} axes: it begins with "
            f"{content[:4].hex(' ') or 'nothing'}. Download it again."
        )
    ends = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", content[4:ends])
    if len(content) - ends != np.prod(shape):
        raise ConfigError(
            f"{stamp.path} should hold {'x'.join(map(str, shape))} bytes after its header, and has "
            f"{len(content) - ends}. Download it again."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=ends).reshape(shape)
