"""Datasets in HDF5 files, in memory or left on disk."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core import paths
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.space import Space

if TYPE_CHECKING:
    from pylearn2core.types import Array


class HDF5Dataset(DenseDesignMatrix):
    """A design matrix, or images, of an HDF5 file; needs h5py.

    X, topo_view, y: names of the file's arrays, exactly one of the first two; y is always read.
    load_all: read everything into memory; else features are read a batch at a time, which is
        slower and holds data of any size.
    cache_size: bytes of the file's chunks to keep in memory; about a batch's chunks is enough.
    axes: the order of the images' axes.    kwargs: DenseDesignMatrix's.
    """

    def __init__(
        self,
        filename: str,
        X: str | None = None,
        topo_view: str | None = None,
        y: str | None = None,
        load_all: bool = False,
        cache_size: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        **kwargs: Any,
    ) -> None:
        if (X is None) == (topo_view is None):
            raise ValueError("give either X or topo_view, the name of an array: exactly one")
        self.load_all = load_all
        key = X if topo_view is None else topo_view
        on_disk = ArrayOnDisk(_file(filename), str(key), cache_size)
        features: Any = on_disk
        if topo_view is not None:
            features = ImagesOnDisk(on_disk, axes)
            kwargs["view_converter"] = features.converter
        targets = None if y is None else np.asarray(ArrayOnDisk(on_disk.path, y, cache_size))
        super().__init__(X=np.asarray(features) if load_all else features, y=targets, **kwargs)

    def get_design_matrix(self, topo: Array | None = None) -> Array:
        """X, read into memory; or the rows for images in the order of the topological view."""
        return np.asarray(self.X) if topo is None else super().get_design_matrix(topo)

    def get_topological_view(self, mat: Array | None = None) -> Any:
        """X, read into memory, or the rows of `mat`, as images in the order of the view's axes."""
        return super().get_topological_view(np.asarray(self.X) if mat is None else mat)

    def resident_sources(
        self, sources: tuple[str, ...], spaces: tuple[Space, ...] | None = None
    ) -> tuple[tuple[Any, Space], ...] | None:
        """None where features are on disk: then they are read a batch at a time."""
        if not isinstance(self.X, np.ndarray):
            return None
        return super().resident_sources(sources, spaces)


class ArrayOnDisk:
    """An array of an HDF5 file; what is indexed is read.

    Opened when first read, and not pickled open, so that another process opens it for itself.
    """

    on_disk = True

    def __init__(self, path: Path, key: str, cache_size: int | None = None) -> None:
        self.path = path
        self.key = key
        self._cache = {} if cache_size is None else {"rdcc_nbytes": int(cache_size)}
        self._opened: Any = None
        array = self._array()
        self.shape: tuple[int, ...] = array.shape
        self.ndim = len(self.shape)
        self.dtype: np.dtype[Any] = array.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._array()[...], dtype=dtype)

    def __getitem__(self, index: Any) -> Any:
        return self.take(index[0] if isinstance(index, tuple) else index, axis=0)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def take(self, index: Any, axis: int) -> Any:
        """What lies at a slice, an index array or a boolean array along an axis."""
        before = (slice(None),) * axis
        if isinstance(index, slice):
            return self._array()[(*before, index)]
        rows = np.arange(self.shape[axis])[index]
        # h5py reads rows in ascending order and each once.
        ascending, places = np.unique(rows, return_inverse=True)
        return np.take(self._array()[(*before, ascending)], places, axis=axis)

    def _array(self) -> Any:
        if self._opened is None:
            file = _h5py().File(self.path, "r", **self._cache)
            if self.key not in file:
                raise ConfigError(
                    f"{self.path} has no array {self.key!r}; it has {', '.join(file) or 'none'}"
                )
            self._opened = file[self.key]
        return self._opened


class ImagesOnDisk:
    """Images of an HDF5 file, indexed and read as rows of a design matrix."""

    on_disk = True

    def __init__(self, images: ArrayOnDisk, axes: Sequence[int | str]) -> None:
        if images.ndim != 4:
            raise ConfigError(
                f"{images.path}, {images.key}: images must have 4 dimensions {tuple(axes)}, got "
                f"{images.shape}"
            )
        self._images = images
        size = {axis: images.shape[list(axes).index(axis)] for axis in ("b", 0, 1, "c")}
        self.converter = DefaultViewConverter((size[0], size[1], size["c"]), axes)
        self._batch_axis = list(axes).index("b")
        self.shape = (size["b"], size[0] * size[1] * size["c"])
        self.ndim = 2
        self.dtype = images.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[:], dtype=dtype)

    def __getitem__(self, index: Any) -> Any:
        rows = index[0] if isinstance(index, tuple) else index
        return self.converter.topo_view_to_design_mat(self._images.take(rows, self._batch_axis))


def _file(filename: str) -> Path:
    path = paths.to_read(filename)
    if not path.is_file():
        raise ConfigError(f"can't read {filename!r}: there is no file {path.absolute()}")
    return path


def _h5py() -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise UnsupportedError(
            "HDF5Dataset needs h5py, which is not installed: pip install h5py"
        ) from error
