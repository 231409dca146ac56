"""Datasets in text files with a row an example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pylearn2core import paths
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.types import Array


class CSVDataset(DenseDesignMatrix):
    """Rows of numbers between delimiters; the first column holds the targets.

    task: 'classification' gives one-hot targets for labels 0..max (integers where y_labels is
        given), 'regression' values.
    expect_labels: False where there is no column of targets.
    expect_headers: the first line is skipped.
    start, stop: keep these rows only.    start_fraction, end_fraction: or this share of the rows.
    num_outputs: number of columns of targets.    kwargs: DenseDesignMatrix's.
    """

    def __init__(
        self,
        path: str = "train.csv",
        task: Literal["classification", "regression"] = "classification",
        expect_labels: bool = True,
        expect_headers: bool = True,
        delimiter: str = ",",
        start: int | None = None,
        stop: int | None = None,
        start_fraction: float | None = None,
        end_fraction: float | None = None,
        num_outputs: int = 1,
        *,
        yaml_src: Any = None,
        one_hot: bool = True,
        **kwargs: Any,
    ) -> None:
        if task not in ("classification", "regression"):
            raise ValueError(f"task must be 'classification' or 'regression', got {task!r}")
        table = _read(path, delimiter, skip=int(expect_headers))
        table = table[_rows(len(table), (start, stop), (start_fraction, end_fraction))]
        outputs = num_outputs if expect_labels else 0
        if table.shape[1] <= outputs:
            raise ConfigError(f"{path}: {table.shape[1]} columns leave no features")
        X, y = table[:, outputs:], table[:, :outputs] if expect_labels else None
        if y is not None and task == "classification":
            y = _classes(path, y, one_hot and "y_labels" not in kwargs)
        super().__init__(X=X, y=y, **kwargs)


def _read(path: str, delimiter: str, skip: int) -> Any:
    file = paths.to_read(path)
    if not file.is_file():
        raise ConfigError(f"can't read {path!r}: there is no file {file.absolute()}")
    try:
        table = np.loadtxt(file, delimiter=delimiter, skiprows=skip, ndmin=2)
    except ValueError as error:
        raise ConfigError(
            f"{path}: expected numbers between {delimiter!r}, after "
            f"{'one line of headers' if skip else 'no headers'}: {error}"
        ) from error
    if not table.size:
        raise ConfigError(f"{path}: there are no rows")
    return table


def _rows(
    n: int,
    ends: tuple[int | None, int | None],
    shares: tuple[float | None, float | None],
) -> slice:
    if any(end is not None for end in ends) and any(share is not None for share in shares):
        raise ValueError("give either start and stop, or start_fraction and end_fraction")
    first, last = (None if share is None else int(n * share) for share in shares)
    found = slice(ends[0] if first is None else first, ends[1] if last is None else last)
    if not len(range(n)[found]):
        raise ValueError(f"no row of {n} is left between {found.start} and {found.stop}")
    return found


def _classes(path: str, y: Array, one_hot: bool) -> Any:
    labels = y.astype(np.int64)
    if (labels != y).any() or (labels < 0).any():
        raise ConfigError(
            f"{path}: labels must be whole numbers from 0; use task: regression for values"
        )
    if not one_hot:
        return labels
    count = labels.max() + 1
    return np.concatenate([np.eye(count)[column] for column in labels.T], axis=1)
