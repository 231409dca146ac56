"""Integer targets to one-hot rows, in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor


class OneHotMixin:
    """A dataset whose labels y may become vectors."""

    y: Any
    y_labels: int | None

    def convert_to_one_hot(self, min_class: int = 0) -> None:
        """Replace integer targets by one-hot rows of floatX.

        min_class: the label of the first column.
        Raises ValueError where y is none, or holds no labels from there on.
        """
        if self.y is None:
            raise ValueError("convert_to_one_hot: this dataset has no targets")
        labels = np.asarray(self.y)
        if labels.dtype.kind not in "iu" or (labels.ndim == 2 and labels.shape[1] != 1):
            raise ValueError(
                f"convert_to_one_hot needs one integer label an example, got y of dtype "
                f"{labels.dtype} and shape {labels.shape}"
            )
        labels = labels.ravel() - min_class
        if labels.min() < 0:
            raise ValueError(
                f"convert_to_one_hot: min_class is {min_class}, but y holds a label of "
                f"{labels.min() + min_class}"
            )
        count = int(labels.max()) + 1
        if self.y_labels is not None:
            count = max(count, self.y_labels - min_class)
        self.y_labels = None
        self.y = np.eye(count, dtype=pytensor.config.floatX)[labels]
