"""Binarized MNIST: each pixel drawn once, 0 or 1; no labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pylearn2core.datasets.handwriting import Handwriting, arranged
from pylearn2core.datasets.published import (
    Publication,
    Stamp,
    check_set,
    opened,
)
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.types import Array

FILES = Publication(
    "BinarizedMNIST",
    "binarized_mnist",
    "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",
    "binarized_mnist_train.amat, binarized_mnist_valid.amat and binarized_mnist_test.amat",
)
PARTS = ("train", "valid", "test")
PIXELS = 28 * 28


class BinarizedMNIST(Handwriting):
    """One part of binarized MNIST, float32 values 0 and 1, without targets.

    Read from the published `.amat` file, or from an `.npy` file of its values.
    center: subtract each pixel's mean over the part.    start, stop: keep these rows only.
    shuffle: in a random order, always the same.
    one_hot, binarize: accepted for Pylearn2's sake; there are no labels, all is binary.
    Source: Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief networks".
    """

    def __init__(
        self,
        which_set: Literal["train", "valid", "test"],
        shuffle: bool = False,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        preprocessor: PreprocessorLike | None = None,
        fit_preprocessor: bool = False,
        fit_test_preprocessor: bool = False,
        *,
        center: bool = False,
        one_hot: bool | None = None,
        binarize: bool = False,
    ) -> None:
        check_set("BinarizedMNIST", which_set, PARTS)
        name = f"binarized_mnist_{which_set}"
        stamp = FILES.find(f"{name}.amat", f"{name}.npy")
        super().__init__(
            _examples(stamp, center, shuffle, start, stop),
            (28, 28),
            targets={},
            axes=axes,
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
            fit_test_preprocessor=fit_test_preprocessor,
            same={"center": center, "shuffle": shuffle},
        )

    def get_test_set(self) -> BinarizedMNIST:
        """The test set, made as this one was; all of its rows."""
        return BinarizedMNIST("test", **self._of_test_set)


@lru_cache(maxsize=4)
def _examples(
    stamp: Stamp, center: bool, shuffle: bool, start: int | None, stop: int | None
) -> Any:
    with opened(stamp) as stream:
        is_array = ".npy" in stamp.path.suffixes
        X = np.load(stream) if is_array else _binary_digits(stream.read(), stamp)
    if X.ndim != 2 or X.shape[1] != PIXELS:
        raise ConfigError(
            f"{stamp.path}: expected rows of {PIXELS} values, got the shape {X.shape}. "
            "Download it again."
        )
    X = X.astype(np.float32)
    return arranged(X, None, center=center, shuffle=shuffle, start=start, stop=stop)[0]


def _binary_digits(text: bytes, stamp: Stamp) -> Array:
    """The zeros and ones of a text, a row a line."""
    lines = text.splitlines()
    # Looking at bytes takes a hundredth of the time that parsing 40 million numbers takes.
    digits = np.frombuffer(b"".join(text.split()), dtype=np.uint8) - ord("0")
    if not lines or (digits > 1).any() or len(digits) != len(lines) * PIXELS:
        raise ConfigError(
            f"{stamp.path}: expected lines of {PIXELS} zeros and ones with spaces between. "
            "Download it again."
        )
    return digits.reshape(len(lines), PIXELS)
