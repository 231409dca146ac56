"""SVHN: 32 x 32 colour photographs of house numbers' digits (the data set's format 2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytensor

from pylearn2core.datasets.image_sets import Photographs
from pylearn2core.datasets.published import (
    Publication,
    Stamp,
    check_set,
    frozen,
    opened,
    rows_between,
    targets,
)
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.types import Array

FILES = Publication(
    "SVHN",
    "SVHN/format2",
    "http://ufldl.stanford.edu/housenumbers/",
    "train_32x32.mat, test_32x32.mat and extra_32x32.mat (format 2, cropped digits)",
)
# The files that each part is made of, and how many examples of each class of each file go to
# 'valid' and not to 'splitted_train'.
PARTS = {
    "train": ("train",),
    "test": ("test",),
    "extra": ("extra",),
    "train_all": ("extra", "train"),
    "splitted_train": ("train", "extra"),
    "valid": ("train", "extra"),
}
TO_VALID = {"train": 400, "extra": 200}
TRAINING_PARTS = ("train", "train_all", "splitted_train")
SEED = 322


class SVHN(Photographs):
    """One part of SVHN, values 0..255 in floatX, y of shape (n, 1).

    Label c is the digit c + 1, and label 9 the digit 0: the published labels 1..10 less one.
    which_set: 'train', 'test', 'extra'; 'train_all' is extra and train; 'valid' has 600 of each
        class out of these two, 'splitted_train' the rest.
    path: the folder of the files, in place of PYLEARN2_DATA_PATH/SVHN/format2.
    center: subtract 127.5.    scale: divide by 255, or by 127.5 if centred.
    start, stop: keep these rows only. The order is random, always the same.
    preprocessor: is fitted on training sets.    one_hot: y of shape (n, 10) in place of labels.
    """

    def __init__(
        self,
        which_set: Literal["train", "test", "extra", "train_all", "splitted_train", "valid"],
        path: str | None = None,
        center: bool = False,
        scale: bool = False,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        preprocessor: PreprocessorLike | None = None,
        one_hot: bool = False,
    ) -> None:
        check_set("SVHN", which_set, tuple(PARTS))
        self.center, self.rescale, self.scale = center, center and scale, scale
        self._same: dict[str, Any] = {
            "path": path,
            "center": center,
            "scale": scale,
            "axes": axes,
            "preprocessor": preprocessor,
            "one_hot": one_hot,
        }
        files = tuple(FILES.find(f"{name}_32x32.mat", below=path) for name in PARTS[which_set])
        floatX = str(pytensor.config.floatX)
        X, y = _examples(which_set, files, center, scale, start, stop, floatX)
        super().__init__(
            X=X,
            **targets(y, 10, one_hot),
            view_converter=DefaultViewConverter((32, 32, 3), axes),
            preprocessor=preprocessor,
            fit_preprocessor=which_set in TRAINING_PARTS,
        )

    def get_test_set(self) -> SVHN:
        """The test set, made as this one was; all of its rows."""
        return type(self)("test", **self._same)

    def adjust_to_be_viewed_with(
        self, X: Array, orig: Array, per_example: bool | None = False
    ) -> Array:
        """X in [-1, 1]."""
        if self.scale and not self.center:
            return np.clip(X * 2.0 - 1.0, -1.0, 1.0)
        return super().adjust_to_be_viewed_with(X, orig, per_example)


class SVHN_On_Memory(SVHN):  # noqa: N801 - Pylearn2's own name
    """The same, read from PYLEARN2_DATA_PATH alone; every part is read into memory."""

    def __init__(
        self,
        which_set: Literal["train", "test", "extra", "train_all", "splitted_train", "valid"],
        center: bool = False,
        scale: bool = False,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        preprocessor: PreprocessorLike | None = None,
        *,
        path: str | None = None,
        one_hot: bool = False,
    ) -> None:
        super().__init__(which_set, path, center, scale, start, stop, axes, preprocessor, one_hot)


@lru_cache(maxsize=4)
def _examples(
    which_set: str,
    files: tuple[Stamp, ...],
    center: bool,
    scale: bool,
    start: int | None,
    stop: int | None,
    dtype: str,
) -> tuple[Any, Any]:
    rng = np.random.RandomState(SEED)
    pixels, labels = zip(
        *(
            _chosen(which_set, name, *_read(stamp), rng)
            for name, stamp in zip(PARTS[which_set], files, strict=True)
        ),
        strict=True,
    )
    X, y = np.concatenate(pixels), np.concatenate(labels)
    order = np.arange(len(X))
    rng.shuffle(order)
    order = order[rows_between(len(X), start, stop)]
    X = X[order].astype(dtype)
    if center:
        X -= 127.5
    if scale:
        X /= 127.5 if center else 255.0
    kept_X, kept_y = frozen(X, y[order].reshape(-1, 1) - 1)
    return kept_X, kept_y


def _chosen(which_set: str, name: str, X: Array, y: Array, rng: RandomState) -> tuple[Any, Any]:
    """The rows of a file that belong to a part."""
    if which_set not in ("valid", "splitted_train"):
        return X, y
    is_valid = np.zeros(len(y), dtype=bool)
    for label in range(1, 11):
        rows = np.flatnonzero(y == label)
        rng.shuffle(rows)
        is_valid[rows[: TO_VALID[name]]] = True
    chosen = is_valid if which_set == "valid" else ~is_valid
    return X[chosen], y[chosen]


def _read(stamp: Stamp) -> tuple[Any, Any]:
    """(images as rows, labels 1..10) of a .mat file; its images are (row, column, channel, n)."""
    import scipy.io

    try:
        with opened(stamp) as stream:
            found = scipy.io.loadmat(stream)
        images, labels = found["X"], found["y"].ravel().astype(np.int64)
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{stamp.path} is no .mat file with X and y ({error}). Download it again."
        ) from error
    if images.shape != (32, 32, 3, len(labels)):
        raise ConfigError(
            f"{stamp.path}: expected X of shape (32, 32, 3, {len(labels)}), got {images.shape}. "
            "Format 2 is needed, not format 1."
        )
    return images.transpose(3, 2, 0, 1).reshape(len(labels), -1), labels
