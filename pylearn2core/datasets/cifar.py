"""What CIFAR-10 and CIFAR-100 share: their pickles, and what is done to the pixels."""

from __future__ import annotations

import pickle
from functools import lru_cache
from typing import Any

import numpy as np

from pylearn2core.datasets.preprocessing.scaling import global_contrast_normalize
from pylearn2core.datasets.published import Stamp, frozen, opened, rows_between
from pylearn2core.errors import ConfigError

PIXELS = 3 * 32 * 32


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
