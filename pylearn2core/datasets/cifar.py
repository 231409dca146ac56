"""What CIFAR-10 and CIFAR-100 share: their pickles, and what is done to the pixels."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

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
from pylearn2core.expr.preprocessing import global_contrast_normalize

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike

PIXELS = 3 * 32 * 32


@dataclass(frozen=True, slots=True)
class Release:
    """parts: the files of each.    label_key: of the labels in a file.    n_classes: of them."""

    publication: Publication
    parts: Mapping[str, Sequence[str]]
    label_key: str
    n_classes: int

    def files(self, which_set: str) -> tuple[Stamp, ...]:
        """The files of a part."""
        return tuple(map(self.publication.find, self.parts[which_set]))


class CIFAR(Photographs):
    """One part of a release, float32 values 0..255, labels as y of shape (n, 1).

    center: subtract 127.5.    rescale: divide by 127.5.
    gcn: global contrast normalisation to this norm.
    toronto_prepro: divide by 255 and subtract each pixel's mean over the training set.
    start, stop: keep these rows only, after all of the above.
    one_hot: y of shape (n, classes) in place of labels.
    A process reads the files once; datasets made alike share their arrays, read-only.
    """

    def __init__(
        self,
        release: Release,
        which_set: str,
        *,
        center: bool,
        rescale: bool,
        gcn: float | None,
        toronto_prepro: bool,
        start: int | None,
        stop: int | None,
        axes: Sequence[int | str],
        preprocessor: PreprocessorLike | None,
        one_hot: bool,
        fit_preprocessor: bool,
    ) -> None:
        check_set(release.publication.name, which_set, tuple(release.parts))
        self.center, self.rescale, self.gcn = center, rescale, gcn
        # What the test set is to share with this part.
        self._same: dict[str, Any] = {
            "center": center,
            "rescale": rescale,
            "gcn": gcn,
            "axes": axes,
            "toronto_prepro": toronto_prepro,
            "one_hot": one_hot,
        }
        files = release.files(which_set)
        training = release.files("train") if toronto_prepro else files
        X, y = examples(
            files, training, release.label_key, center, rescale, gcn, toronto_prepro, start, stop
        )
        super().__init__(
            X=X,
            **targets(y, release.n_classes, one_hot),
            view_converter=DefaultViewConverter((32, 32, 3), axes),
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )


@lru_cache(maxsize=4)
def examples(
    files: tuple[Stamp, ...],
    training_files: tuple[Stamp, ...],
    label_key: str,
    center: bool,
    rescale: bool,
    gcn: float | None,
    toronto_prepro: bool,
    start: int | None,
    stop: int | None,
) -> tuple[Any, Any]:
    """(X, labels) of some files, as float32 (n, 3072) and int64 (n, 1).

    training_files: those that hold the training set, whose mean toronto_prepro subtracts.
    """
    if toronto_prepro and (center or gcn is not None):
        raise ValueError("toronto_prepro centres the pixels itself: leave center and gcn out")
    X, labels = _read(files, label_key)
    X = X.astype(np.float32)
    if center:
        X -= np.float32(127.5)
    if rescale:
        X /= np.float32(127.5)
    if toronto_prepro:
        X = X / np.float32(255) - _training_mean(training_files, label_key)
    if gcn is not None:
        X = global_contrast_normalize(X, scale=float(gcn))
    kept = rows_between(len(X), start, stop)
    kept_X, kept_y = frozen(X[kept], labels[kept].reshape(-1, 1))
    return kept_X, kept_y


def _training_mean(files: tuple[Stamp, ...], label_key: str) -> Any:
    pixels = _read(files, label_key)[0].astype(np.float32)
    return (pixels / np.float32(255)).mean(axis=0)


def _read(files: tuple[Stamp, ...], label_key: str) -> tuple[Any, Any]:
    parts = [_batch(stamp, label_key) for stamp in files]
    pixels, labels = zip(*parts, strict=True)
    return np.concatenate(pixels), np.concatenate(labels)


def _batch(stamp: Stamp, label_key: str) -> tuple[Any, Any]:
    try:
        with opened(stamp) as stream:
            # Python 2 pickled these; latin1 maps each byte of its strings to itself.
            batch = pickle.load(stream, encoding="latin1")
        pixels = np.asarray(batch["data"])
        labels = np.asarray(batch[label_key], dtype=np.int64)
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{stamp.path} is no CIFAR batch with 'data' and {label_key!r} ({error}). "
            "Download the python version again."
        ) from error
    if pixels.shape != (len(labels), PIXELS) or pixels.dtype != np.uint8:
        raise ConfigError(
            f"{stamp.path}: expected bytes of shape ({len(labels)}, {PIXELS}), got "
            f"{pixels.dtype} of shape {pixels.shape}. Download the python version again."
        )
    return pixels, labels
