"""Datasets that are sparse matrices."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytensor
import scipy.sparse

from pylearn2core import paths
from pylearn2core.datasets.dataset import Dataset
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.rng import make_np_rng
from pylearn2core.space import CompositeSpace, IndexSpace, Space, VectorSpace
from pylearn2core.utils.data_specs import DataSpecs
from pylearn2core.utils.iteration import FiniteDatasetIterator, resolve_iterator_class

if TYPE_CHECKING:
    from pylearn2core.types import Array, SeedOrRng

# Features that fit into this as dense floats are trained on as any matrix is; larger ones become
# dense a batch at a time.
DENSE_BYTES = 256 * 2**20


class SparseDataset(Dataset):
    """Examples as the rows of a sparse matrix, source 'features'.

    load_path: `.npz` as scipy.sparse.save_npz writes it; `.npy` that holds a matrix, gzipped
        where zipped_npy. The latter is a pickle, which can run any code.
    from_scipy_sparse_dataset: the matrix itself.
    y: targets, shape (n,), (n, 1) or (n, targets).
    y_labels: number of classes, where y holds integer labels 0..labels-1.

    Iterated over without data_specs, or with a sparse space, batches are sparse. Models get dense
    ones.
    """

    _default_seed: ClassVar[tuple[int, ...]] = (17, 2, 946)

    def __init__(
        self,
        load_path: str | None = None,
        from_scipy_sparse_dataset: Any = None,
        zipped_npy: bool = True,
        y: Any = None,
        y_labels: int | None = None,
        rng: SeedOrRng | None = None,
    ) -> None:
        if (load_path is None) == (from_scipy_sparse_dataset is None):
            raise ValueError("give either load_path or from_scipy_sparse_dataset: exactly one")
        self.load_path = load_path
        found = from_scipy_sparse_dataset if load_path is None else _load(load_path, zipped_npy)
        if not scipy.sparse.issparse(found):
            raise TypeError(f"expected a scipy sparse matrix, got {type(found).__name__}")
        self.X = scipy.sparse.csr_matrix(found, dtype=pytensor.config.floatX)
        self.y = None if y is None else _column(y)
        if self.y is not None and len(self.y) != self.X.shape[0]:
            raise ValueError(f"X has {self.X.shape[0]} examples but y has {len(self.y)}")
        self.y_labels = y_labels
        self.rng = make_np_rng(rng, self._default_seed, which_method=["random_integers", "shuffle"])
        self._dense: Any = None

    @property
    def X_space(self) -> VectorSpace:
        """The space of X."""
        return VectorSpace(self.X.shape[1], sparse=True)

    @property
    def y_space(self) -> Space:
        """The space of y."""
        if self.y is None:
            raise ValueError("the dataset has no targets")
        dim = self.y.shape[1]
        if self.y_labels is not None:
            return IndexSpace(max_labels=self.y_labels, dim=dim)
        return VectorSpace(dim)

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of `get_data()`."""
        if self.y is None:
            return self.X_space, "features"
        return CompositeSpace([self.X_space, self.y_space]), ("features", "targets")

    def get_data(self) -> Any:
        """X, or (X, y)."""
        return self.X if self.y is None else (self.X, self.y)

    def get_num_examples(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    def get_design_matrix(self) -> Any:
        """X, sparse."""
        return self.X

    def has_targets(self) -> bool:
        """Whether there is a y."""
        return self.y is not None

    def get_targets(self) -> Any:
        """y as a matrix, or None."""
        return self.y

    def get_batch_design(self, batch_size: int, include_labels: bool = False) -> Any:
        """Rows of X drawn at random, sparse; with labels, (X, y)."""
        rows = self.rng.choice(self.X.shape[0], size=batch_size, replace=False)
        if not include_labels:
            return self.X[rows]
        return self.X[rows], None if self.y is None else self.y[rows]

    def iterator(
        self,
        mode: Any = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> FiniteDatasetIterator:
        """An iterator over one epoch's batches; of features alone without data_specs."""
        scheme = resolve_iterator_class("sequential" if mode is None else mode)
        if rng is None and scheme.stochastic:
            rng = self.rng
        subsets = scheme(self.get_num_examples(), batch_size, num_batches, rng)
        specs = (self.X_space, "features") if data_specs is None else data_specs
        return FiniteDatasetIterator(self, subsets, specs, return_tuple)

    def resident_sources(
        self, sources: tuple[str, ...], spaces: tuple[Space, ...] | None = None
    ) -> tuple[tuple[Any, Space], ...] | None:
        """Dense arrays with their spaces, or None where X would be too large as one.

        Raises UnsupportedError where `spaces` asks for a sparse one.
        """
        if any(isinstance(space, VectorSpace) and space.sparse for space in spaces or ()):
            raise UnsupportedError(
                "training takes dense batches: give the model's VectorSpace sparse=False, and a "
                "SparseDataset's batches become dense one at a time"
            )
        if np.prod(self.X.shape) * self.X.dtype.itemsize > DENSE_BYTES:
            return None
        return tuple(self._resident(source) for source in sources)

    def _resident(self, source: str) -> tuple[Any, Space]:
        if source == "targets" and self.y is not None:
            return self.y, self.y_space
        if source != "features":
            has = "'features' and 'targets'" if self.has_targets() else "'features' only"
            raise ValueError(f"the dataset has no source {source!r}; it has {has}")
        if self._dense is None:
            self._dense = self.X.toarray()
        return self._dense, VectorSpace(self.X.shape[1])


def _load(load_path: str, zipped_npy: bool) -> Any:
    path = paths.to_read(load_path)
    if not path.is_file():
        raise ConfigError(f"can't read {load_path!r}: there is no file {path.absolute()}")
    try:
        if path.suffix == ".npz":
            return scipy.sparse.load_npz(path)
        with gzip.open(path) if zipped_npy else path.open("rb") as stream:
            found = np.load(stream, allow_pickle=True)
    except (gzip.BadGzipFile, ValueError) as error:
        raise ConfigError(
            f"can't read {load_path!r}: {error}. Expected .npz of scipy.sparse.save_npz, or .npy, "
            f"{'gzipped' if zipped_npy else 'not gzipped'} (zipped_npy: {zipped_npy})."
        ) from error
    return found.item() if found.dtype == object else scipy.sparse.csr_matrix(found)


def _column(y: Array) -> Any:
    y = np.asarray(y)
    return y.reshape(-1, 1) if y.ndim == 1 else y
