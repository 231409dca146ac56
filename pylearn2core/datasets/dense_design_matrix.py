"""A dataset that is one matrix in memory, with or without targets and a view as images."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pytensor import config

from pylearn2core.datasets.dataset import Dataset
from pylearn2core.datasets.one_hot import OneHotMixin
from pylearn2core.datasets.random_runs import RandomRunsMixin
from pylearn2core.datasets.splits import SplitsMixin
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.rng import make_np_rng
from pylearn2core.space import CompositeSpace, Conv2DSpace, IndexSpace, VectorSpace
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import FiniteDatasetIterator, resolve_iterator_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pylearn2core.protocols import PreprocessorLike
    from pylearn2core.space import Space
    from pylearn2core.types import Array, SeedOrRng
    from pylearn2core.utils.data_specs import DataSpecs
    from pylearn2core.utils.iteration import SubsetIterator


class DenseDesignMatrix(SplitsMixin["DenseDesignMatrix"], OneHotMixin, RandomRunsMixin, Dataset):
    """Examples as the rows of X, source 'features'; targets as the rows of y, source 'targets'.

    X: shape (n, features).    topo_view: in its place, images in the order `axes`.
    y: shape (n,), (n, 1) or (n, targets).
    X_labels, y_labels: number of classes, where X or y holds integer labels 0..labels-1.
    view_converter: between rows of X and images; made from topo_view.
    rng: seed or generator for stochastic iteration without one of its own, and get_batch_design.
    preprocessor, fit_preprocessor: applied at once.
    Arrays are kept as they are, not copied, and never written to.
    """

    _default_seed: ClassVar[tuple[int, ...]] = (17, 2, 946)

    def __init__(
        self,
        X: Any = None,
        topo_view: Any = None,
        y: Any = None,
        view_converter: Any = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        rng: SeedOrRng | None = None,
        preprocessor: PreprocessorLike | None = None,
        fit_preprocessor: bool = False,
        X_labels: int | None = None,
        y_labels: int | None = None,
    ) -> None:
        if (X is None) == (topo_view is None):
            raise ValueError("give either X, a matrix, or topo_view, images: exactly one")
        self._kept: dict[Callable[[Any], Any], tuple[Any, Any]] = {}
        self.view_converter = view_converter
        self.X_labels = X_labels
        self.y_labels = y_labels
        self.y = _as_targets(y)
        if topo_view is not None:
            self.set_topological_view(topo_view, axes)
        else:
            self.X = _as_matrix(X)
        self._check()
        self.rng = make_np_rng(rng, self._default_seed, which_method=["random_integers", "shuffle"])
        self._iter_mode = resolve_iterator_class("sequential")
        self._iter_batch_size: int | None = None
        self._iter_num_batches: int | None = None
        self.preprocessor = preprocessor
        if preprocessor is not None:
            self.apply_preprocessor(preprocessor, can_fit=fit_preprocessor)

    def _check(self) -> None:
        if self.y is not None and len(self.y) != len(self.X):
            raise ValueError(
                f"X has {len(self.X)} examples but y has {len(self.y)}: "
                "each example needs one row of targets"
            )
        if self.X_labels is not None:
            _check_labels(np.asarray(self.X), self.X_labels, "X")
        if self.y_labels is not None and self.y is None:
            raise ValueError("y_labels says how many classes y has, but there is no y")
        if self.y_labels is not None:
            _check_labels(self.y, self.y_labels, "y")

    # ------------------------------------------------------------ the data
    @property
    def X_space(self) -> Space:
        """The space of X."""
        return _space(self.X_labels, self.X.shape[1])

    @property
    def y_space(self) -> Space:
        """The space of y."""
        return _space(self.y_labels, self._y_matrix().shape[1])

    @property
    def X_topo_space(self) -> Conv2DSpace:
        """The space of the topological view."""
        space: Conv2DSpace = self._converter().topo_space
        return space

    @property
    def num_examples(self) -> int:
        """Number of rows of X."""
        return len(self.X)

    @property
    def data_specs(self) -> DataSpecs:
        """As `get_data_specs()`."""
        return self.get_data_specs()

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of `get_data()`."""
        if self.y is None:
            return self.X_space, "features"
        return CompositeSpace([self.X_space, self.y_space]), ("features", "targets")

    def get_data(self) -> Any:
        """X, or (X, y) with y as a matrix."""
        return self.X if self.y is None else (self.X, self._y_matrix())

    def get_num_examples(self) -> int:
        """Number of rows of X."""
        return len(self.X)

    def get_design_matrix(self, topo: Array | None = None) -> Any:
        """X; or the rows for images in the order of the topological view."""
        return self.X if topo is None else self._converter().topo_view_to_design_mat(topo)

    def get_targets(self) -> Any:
        """y as given, or None."""
        return self.y

    def has_targets(self) -> bool:
        """Whether there is a y."""
        return self.y is not None

    def with_rows(self, X: Array, y: Array | None) -> DenseDesignMatrix:
        """A plain dataset of other examples, with this one's labels and view."""
        return DenseDesignMatrix(
            X=X,
            y=y,
            view_converter=self.view_converter,
            X_labels=self.X_labels,
            y_labels=self.y_labels if y is not None else None,
        )

    def set_design_matrix(self, X: Array) -> None:
        """Replace X; the number of its columns may change."""
        self.X = _as_matrix(X)
        self._check()

    def _y_matrix(self) -> Any:
        return self._derived(self.y, _as_column) if self.y.ndim == 1 else self.y

    def _derived(self, array: Array, make: Callable[[Any], Any]) -> Any:
        """`make(array)`, the same object at each call, so that who keeps data can know it by id."""
        kept = self._kept.get(make)
        if kept is None or kept[0] is not array:
            kept = self._kept[make] = (array, make(array))
        return kept[1]

    def resident_sources(
        self, sources: tuple[str, ...], spaces: tuple[Space, ...] | None = None
    ) -> tuple[tuple[Any, Space], ...] | None:
        """Whole arrays with their spaces; 'features' as images where spaces asks for a Conv2DSpace.

        Without `spaces`, the design matrix. Raises ValueError for an unknown source.
        """
        wanted: tuple[Any, ...] = (None,) * len(sources) if spaces is None else spaces
        pairs = zip(sources, wanted, strict=True)
        return tuple(self._resident(source, space) for source, space in pairs)

    def _resident(self, source: str, space: Space | None) -> tuple[Any, Space]:
        if source == "features":
            if isinstance(space, Conv2DSpace) and self.view_converter is not None:
                converter = self.view_converter
                return self._derived(self.X, converter.stored_images), converter.stored_space
            return self.X, _kept_space(self.X_labels, self.X.shape[1], config.floatX)
        if source == "targets" and self.y is not None:
            matrix = self._y_matrix()
            return matrix, _kept_space(self.y_labels, matrix.shape[1], config.floatX)
        has = "'features' and 'targets'" if self.has_targets() else "'features' only"
        raise ValueError(f"the dataset has no source {source!r}; it has {has}")

    # ------------------------------------------------------------ iteration
    def set_iteration_scheme(
        self,
        mode: str | type[SubsetIterator] | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
    ) -> None:
        """What `iterator` does where its caller leaves these out."""
        if mode is not None:
            self._iter_mode = resolve_iterator_class(mode)
        self._iter_batch_size = batch_size
        self._iter_num_batches = num_batches

    def iterator(
        self,
        mode: str | type[SubsetIterator] | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> FiniteDatasetIterator:
        """An iterator over one epoch's batches; of features alone without data_specs."""
        scheme = self._iter_mode if mode is None else resolve_iterator_class(mode)
        if rng is None and scheme.stochastic:
            rng = self.rng
        specs = (self.X_space, "features") if data_specs is None else data_specs
        subsets = scheme(
            len(self.X),
            self._iter_batch_size if batch_size is None else batch_size,
            self._iter_num_batches if num_batches is None else num_batches,
            rng,
        )
        return FiniteDatasetIterator(self, subsets, specs, return_tuple, self._views(specs))

    def _views(self, specs: DataSpecs) -> list[Callable[[Any], Any] | None]:
        """For each different (space, source): how features become it, where they are images."""
        return [
            self._view(space) if source == "features" else None
            for space, source in DataSpecsMapping(specs).unique
        ]

    def _view(self, space: Space) -> Callable[[Any], Any] | None:
        converter = self.view_converter
        if converter is None or not isinstance(space, Conv2DSpace):
            return None
        return lambda batch: converter.get_formatted_batch(batch, space)

    # ------------------------------------------------------------ images
    def _converter(self) -> Any:
        if self.view_converter is None:
            raise ValueError(
                "this dataset has no view as images: it was made from X without a view_converter"
            )
        return self.view_converter

    def has_topological_view(self) -> bool:
        """Whether there is a view as images."""
        return self.view_converter is not None

    def get_topological_view(self, mat: Array | None = None) -> Any:
        """X, or the rows of `mat`, as images in the order of the view's axes."""
        return self._converter().design_mat_to_topo_view(self.X if mat is None else mat)

    def get_formatted_view(self, mat: Array, dspace: Space) -> Any:
        """Rows of the design matrix in a Space: as images for a Conv2DSpace, else as vectors."""
        return self._converter().get_formatted_batch(mat, dspace)

    def set_topological_view(self, V: Any, axes: Sequence[int | str] = ("b", 0, 1, "c")) -> None:
        """Replace X by images in the order `axes`."""
        V = np.asarray(V)
        if V.ndim != 4:
            raise ValueError(f"topo_view must have 4 dimensions {tuple(axes)}, got {V.shape}")
        shape = [V.shape[tuple(axes).index(axis)] for axis in (0, 1, "c")]
        self.view_converter = DefaultViewConverter(shape, axes)
        self.X = self.view_converter.topo_view_to_design_mat(V)

    def set_view_converter_axes(self, axes: Sequence[int | str]) -> None:
        """Change the order of the axes of the topological view."""
        self._converter().set_axes(axes)

    def get_topo_batch_axis(self) -> int:
        """The axis of the topological view along which examples lie."""
        axis: int = self._converter().axes.index("b")
        return axis

    def get_weights_view(self, mat: Array) -> Any:
        """The rows of `mat` as images in the order ('b', 0, 1, 'c'), for showing weights."""
        return self._converter().design_mat_to_weights_view(mat)

    def view_shape(self) -> Any:
        """(rows, columns, channels) of an image."""
        return self._converter().view_shape()

    def weights_view_shape(self) -> Any:
        """(rows, columns, channels) of the weights' view."""
        return self._converter().weights_view_shape()

    def adjust_for_viewer(self, X: Array) -> Array:
        """Values divided by the largest magnitude among them, so that they lie in [-1, 1]."""
        largest = np.abs(X).max()
        return X / largest if largest > 0 else X

    def adjust_to_be_viewed_with(
        self, X: Array, ref: Array, per_example: bool | None = None
    ) -> Array:
        """X in the scale in which `adjust_for_viewer` shows `ref`, clipped to [-1, 1].

        per_example: with a scale for each example of `ref`.
        """
        axes = tuple(range(1, ref.ndim)) if per_example else None
        scale = np.abs(ref).max(axis=axes, keepdims=True)
        return np.clip(X / np.where(scale > 0, scale, 1), -1.0, 1.0)

    # ------------------------------------------------------------ preprocessing
    def apply_preprocessor(self, preprocessor: PreprocessorLike, can_fit: bool = False) -> None:
        """Let a preprocessor change this dataset; with can_fit it may learn from it first."""
        preprocessor.apply(self, can_fit)

    # ------------------------------------------------------------ pickles
    def use_design_loc(self, path: str) -> None:
        """Nothing: pickles of datasets hold their arrays."""
        if not path.endswith(".npy"):
            raise ValueError(f"use_design_loc: the path should end in .npy, got {path!r}")

    def enable_compression(self) -> None:
        """Nothing: Pylearn2 pickled X in 8 bits a value then, and lost the rest."""


def from_dataset(dataset: DenseDesignMatrix, num_examples: int) -> DenseDesignMatrix:
    """A dataset of `num_examples` consecutive examples that start anywhere."""
    X, y = dataset.get_batch_design(num_examples, include_labels=True)
    return dataset.with_rows(X, y)


def _space(labels: int | None, dim: int) -> Space:
    """The space of rows of `dim` values; labels: how many classes, where they are labels."""
    if labels is not None:
        return IndexSpace(max_labels=labels, dim=dim)
    return VectorSpace(dim=dim)


@lru_cache(maxsize=64)
def _kept_space(labels: int | None, dim: int, floatX: str) -> Space:
    """The same, made once, for the engine: it asks at each pass, and changes none."""
    return _space(labels, dim)


def _as_matrix(X: Any) -> Any:
    # Making an array of what is on disk (HDF5Dataset) would read it.
    is_ready = isinstance(X, np.ndarray) or getattr(X, "on_disk", False)
    X = X if is_ready else np.asarray(X)
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X must be a matrix of numbers, examples x features; got shape {X.shape} and dtype "
            f"{X.dtype}"
        )
    return X


def _as_targets(y: Any) -> Any:
    if y is None:
        return None
    y = y if isinstance(y, np.ndarray) else np.asarray(y)
    if y.ndim not in (1, 2) or y.dtype.kind not in "biuf":
        raise ValueError(
            f"y must be a vector or a matrix of numbers, one row an example; got shape {y.shape} "
            f"and dtype {y.dtype}"
        )
    return y


def _as_column(y: Array) -> Array:
    return y.reshape(-1, 1)


def _check_labels(labels: Array, count: int, name: str) -> None:
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"{name}_labels={count} says that {name} holds integer labels, but its dtype is "
            f"{labels.dtype}; use {name}.astype(int), or leave {name}_labels out"
        )
    if labels.size and (labels.min() < 0 or labels.max() >= count):
        raise ValueError(
            f"{name}_labels={count} allows labels 0..{count - 1}, but {name} holds labels from "
            f"{labels.min()} to {labels.max()}"
        )
