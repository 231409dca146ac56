"""What MNIST and binarized MNIST share: how their rows are arranged, and their test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.image_sets import GreyImages
from pylearn2core.datasets.published import frozen, rows_between
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.rng import swapped_order

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.types import Array


class Handwriting(GreyImages):
    """One part of a set of handwritten digits.

    shape: (rows, columns) of an image.    targets: DenseDesignMatrix's arguments for the labels.
    same: what the test set is to share with this part, besides axes and preprocessor.
    fit_test_preprocessor: `fit_preprocessor` of the test set.
    """

    def __init__(
        self,
        X: Any,
        shape: tuple[int, int],
        *,
        targets: Mapping[str, Any],
        axes: Sequence[int | str],
        preprocessor: PreprocessorLike | None,
        fit_preprocessor: bool,
        fit_test_preprocessor: bool,
        same: Mapping[str, Any],
    ) -> None:
        self._of_test_set: dict[str, Any] = {
            **same,
            "axes": axes,
            "preprocessor": preprocessor,
            "fit_preprocessor": fit_test_preprocessor,
        }
        super().__init__(
            X=X,
            **targets,
            view_converter=DefaultViewConverter((*shape, 1), axes),
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )


def arranged(
    X: Array, y: Array | None, *, center: bool, shuffle: bool, start: int | None, stop: int | None
) -> tuple[Any, Any]:
    """Rows and labels (or None) as a dataset holds them, read-only, labels as (n, 1).

    center: subtract each pixel's mean.    shuffle: in a random order, always the same.
    start, stop: keep these rows only, after the above.
    """
    if center:
        X -= X.mean(axis=0)
    rows: Any = slice(None)
    if shuffle:
        rows = swapped_order(len(X), np.random.RandomState([1, 2, 3]))
    kept = rows_between(len(X), start, stop)
    if y is None:
        return frozen(X[rows][kept])[0], None
    X, y = frozen(X[rows][kept], y[rows][kept].astype(np.int64).reshape(-1, 1))
    return X, y
