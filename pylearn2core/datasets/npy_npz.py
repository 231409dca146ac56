"""Datasets in NumPy's own files."""

from __future__ import annotations

from typing import Any

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.utils import serial


class NpyDataset(DenseDesignMatrix):
    """The design matrix of an `.npy` file.

    mmap_mode: accepted for Pylearn2's sake; the file is read whole.    kwargs: DenseDesignMatrix's.
    """

    def __init__(self, file: str, mmap_mode: str | None = None, **kwargs: Any) -> None:
        self._path = file
        super().__init__(X=serial.load_npy(file), **kwargs)


class NpzDataset(DenseDesignMatrix):
    """The design matrix, and the targets, of an `.npz` file.

    key: name of the array of features.    target_key: of that of targets, None without.
    kwargs: DenseDesignMatrix's.
    """

    def __init__(self, file: str, key: str, target_key: str | None = None, **kwargs: Any) -> None:
        self._path = file
        arrays = serial.load(file)
        for name in (key, target_key):
            if name is not None and name not in arrays:
                raise ConfigError(f"{file} has no array {name!r}; it has {', '.join(arrays)}")
        y = None if target_key is None else arrays[target_key]
        super().__init__(X=arrays[key], y=y, **kwargs)
