"""scikit-learn's digits: 1,797 images of 8 x 8, ten classes; no download."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytensor

from pylearn2core.datasets.image_sets import GreyImages
from pylearn2core.datasets.view_converter import DefaultViewConverter

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.types import Array, SeedOrRng

ROWS = {"train": slice(0, 1000), "valid": slice(1000, 1400), "test": slice(1400, 1797)}


class Digits(GreyImages):
    """One part of the digits, values in [0, 1], labels 0..9 as y of shape (n, 1).

    which_set: 'train' is rows 0..999, 'valid' 1000..1399, 'test' 1400..1796, in file order.
    The arrays are read once a process and shared, read-only, by all datasets made from them.
    """

    def __init__(
        self,
        which_set: Literal["train", "valid", "test"],
        axes: tuple[int | str, ...] = ("b", 0, 1, "c"),
        rng: SeedOrRng | None = None,
        preprocessor: PreprocessorLike | None = None,
        fit_preprocessor: bool = False,
    ) -> None:
        if which_set not in ROWS:
            raise ValueError(f"which_set must be one of {', '.join(ROWS)}, got {which_set!r}")
        X, y = _part(which_set, str(pytensor.config.floatX))
        super().__init__(
            X=X,
            y=y,
            y_labels=10,
            view_converter=DefaultViewConverter((8, 8, 1), axes),
            rng=rng,
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )


@cache
def _part(which_set: str, dtype: str) -> tuple[Any, Any]:
    table = _table()
    rows = ROWS[which_set]
    # Multiples of 1/16 up to 1: exact in float32 too.
    X = np.ascontiguousarray(table[rows, :-1] / 16.0, dtype=dtype)
    y = np.ascontiguousarray(table[rows, -1], dtype=np.int64).reshape(-1, 1)
    X.flags.writeable = False
    y.flags.writeable = False
    return X, y


@cache
def _table() -> Array:
    """Of each image its 64 pixels, 0..16, and its label: shape (1797, 65), float64.

    Read from the file that scikit-learn ships where that lies as it does in 1.x: to import
    scikit-learn for it takes a worker a second.
    """
    package = find_spec("sklearn")
    if package is not None and package.origin is not None:
        file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.column_stack([digits.data, digits.target])
