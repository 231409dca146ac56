"""A whitened dataset that can show its examples as they were before."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.published import one_hot, rows_between

if TYPE_CHECKING:
    from pylearn2core.datasets.preprocessing.whitening import ZCA
    from pylearn2core.types import Array


class ZCA_Dataset(DenseDesignMatrix):  # noqa: N801 - Pylearn2's own name
    """`preprocessed_dataset`, which `preprocessor` whitened.

    preprocessor: the ZCA that was applied to it.
    start, stop: keep these rows only.    axes: of the images; as they were if None.
    convert_to_one_hot: labels as float32 one-hot targets.
    """

    def __init__(
        self,
        preprocessed_dataset: DenseDesignMatrix,
        preprocessor: ZCA,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] | None = None,
        *,
        convert_to_one_hot: bool = True,
    ) -> None:
        whole = preprocessed_dataset
        # `preprocessor` is DenseDesignMatrix's name for one that is yet to be applied.
        self._whitening = preprocessor
        self.preprocessed_dataset = whole
        kept = rows_between(len(whole.X), start, stop)
        y, labels = whole.y, whole.y_labels
        if y is not None and convert_to_one_hot:
            y, labels = _as_one_hot(y, labels), None
        converter = copy.copy(whole.view_converter)
        if converter is not None and axes is not None:
            converter.set_axes(axes)
        super().__init__(
            X=whole.X[kept],
            y=None if y is None else y[kept],
            y_labels=labels,
            view_converter=converter,
            rng=whole.rng,
        )
        self.preprocessor = preprocessor

    def adjust_for_viewer(self, X: Array) -> Array:
        """Each example divided by its largest magnitude."""
        return self.adjust_to_be_viewed_with(X, X, per_example=True)

    def mapback(self, X: Array) -> Any:
        """Rows as they were before they were whitened."""
        return self._whitening.inverse(X)

    def mapback_for_viewer(self, X: Array) -> Array:
        """The same, scaled as the dataset that was whitened scales for showing."""
        return self.preprocessed_dataset.adjust_for_viewer(self.mapback(X))


def _as_one_hot(y: Array, labels: int | None) -> Any:
    if y.dtype.kind not in "iu" or (y.ndim == 2 and y.shape[1] != 1):
        raise ValueError(
            f"convert_to_one_hot needs one integer label an example, got y of dtype {y.dtype} and "
            f"shape {y.shape}; use convert_to_one_hot: 0"
        )
    return one_hot(y, labels if labels is not None else int(y.max()) + 1)
