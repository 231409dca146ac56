"""What code from Pylearn2's days calls on a design matrix: streams, one-hot targets, views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytensor

from pylearn2core.rng import copy_rng, make_np_rng

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array


class OldWaysMixin:
    """The methods of a DenseDesignMatrix that training itself does not need."""

    X: Any
    y: Any
    y_labels: int | None
    rng: Any
    view_converter: Any
    _default_seed: ClassVar[tuple[int, ...]]

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

    def get_stream_position(self) -> Any:
        """Where the stream of `get_batch_design` is: a copy of the generator."""
        return copy_rng(self.rng)

    def set_stream_position(self, pos: Any) -> None:
        """Go back to what `get_stream_position` gave."""
        self.rng = copy_rng(pos)

    def restart_stream(self) -> None:
        """Begin the stream of `get_batch_design` again."""
        self.reset_RNG()

    def reset_RNG(self) -> None:
        """Begin again with the generator that a dataset without an `rng` has."""
        self.rng = make_np_rng(None, self._default_seed, which_method=["shuffle"])

    def get_formatted_view(self, mat: Array, dspace: Space) -> Any:
        """Rows of the design matrix in a Space: as images for a Conv2DSpace, else as vectors."""
        if self.view_converter is None:
            raise ValueError(
                "this dataset has no view as images: it was made from X without a view_converter"
            )
        return self.view_converter.get_formatted_batch(mat, dspace)

    def use_design_loc(self, path: str) -> None:
        """Nothing: pickles of datasets hold their arrays."""
        if not path.endswith(".npy"):
            raise ValueError(f"use_design_loc: the path should end in .npy, got {path!r}")

    def enable_compression(self) -> None:
        """Nothing: Pylearn2 pickled X in 8 bits a value then, and lost the rest."""
