"""Rotations to uncorrelated features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg

from pylearn2core.datasets.preprocessing.base import Preprocessor, not_fitted
from pylearn2core.space import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.space import Space
    from pylearn2core.types import Array


class ZCA(Preprocessor):
    """(x - mean) P, P the inverse square root of the features' covariance plus filter_bias.

    n_components: keep the directions of largest variance only.
    n_drop_components: leave out those of smallest variance.
    store_inverse: keep what `inverse` needs.
    P_, inv_P_: shape (features, features).    mean_: shape (features,).
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_drop_components: int | None = None,
        filter_bias: float = 0.1,
        store_inverse: bool = True,
    ) -> None:
        self.n_components = n_components
        self.n_drop_components = n_drop_components
        self.filter_bias = filter_bias
        self.store_inverse = store_inverse
        self.P_: Any = None
        self.inv_P_: Any = None
        self.mean_: Any = None

    def fit(self, X: Array) -> None:
        """Learn from the rows of X."""
        self.mean_ = X.mean(axis=0)
        centred = X - self.mean_
        covariance = centred.T @ centred / len(X)
        covariance[np.diag_indices_from(covariance)] += self.filter_bias
        values, vectors = scipy.linalg.eigh(covariance)  # in ascending order
        kept = self._kept(len(values))
        values, vectors = values[kept], vectors[:, kept]
        self.P_ = (vectors / np.sqrt(values)) @ vectors.T
        self.inv_P_ = (vectors * np.sqrt(values)) @ vectors.T if self.store_inverse else None

    def _kept(self, count: int) -> slice:
        first = self.n_drop_components or 0
        if self.n_components:
            first = max(first, count - self.n_components)
        if first >= count:
            raise ValueError(f"ZCA: no component of {count} would be left")
        return slice(first, None)

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Raises ValueError where nothing was learnt yet."""
        X = dataset.get_design_matrix()
        if can_fit:
            self.fit(X)
        elif self.P_ is None:
            raise not_fitted(self)
        dataset.set_design_matrix((X - self.mean_) @ self.P_)

    def inverse(self, X: Array) -> Any:
        """Rows as they were before; exact where no component was left out.

        Raises ValueError where nothing was learnt yet.
        """
        if self.P_ is None:
            raise not_fitted(self)
        if self.inv_P_ is None:
            # pinv's own cut-off is below float32's rounding: it would invert what was left out.
            smallest = len(self.P_) * np.finfo(self.P_.dtype).eps
            self.inv_P_ = np.linalg.pinv(self.P_, rcond=smallest, hermitian=True)
        return X @ self.inv_P_ + self.mean_


class PCA(Preprocessor):
    """Projects on the directions of largest variance; the signs of the columns are arbitrary.

    num_components: how many are kept, None for all.
    min_variance: the least share of the variance that a kept one has.
    whiten: divide each by its standard deviation.
    """

    def __init__(
        self,
        num_components: int | None = None,
        whiten: bool = False,
        *,
        min_variance: float = 0.0,
    ) -> None:
        self._num_components = num_components
        self._min_variance = min_variance
        self._whiten = whiten
        self._mean: Any = None
        self._directions: Any = None
        self._scales: Any = None

    def fit(self, X: Array) -> None:
        """Learn from the rows of X."""
        self._mean = X.mean(axis=0)
        values, vectors = scipy.linalg.eigh(np.atleast_2d(np.cov(X, rowvar=False)))
        values, vectors = values[::-1], vectors[:, ::-1]
        count = int((values / values.sum() > self._min_variance).sum())
        count = min(count, self._num_components or count)
        self._directions = vectors[:, :count]
        self._scales = np.sqrt(values[:count]) if self._whiten else np.ones(count)

    def apply(self, dataset: DenseDesignMatrix, can_fit: bool = False) -> None:
        """Raises ValueError where nothing was learnt yet."""
        X = dataset.get_design_matrix()
        if can_fit:
            self.fit(X)
        elif self._mean is None:
            raise not_fitted(self)
        dataset.set_design_matrix((X - self._mean) @ self._directions / self._scales)
        if dataset.view_converter is not None:
            dataset.view_converter = PCAViewConverter(self, dataset.view_converter)

    def inverse(self, X: Array) -> Any:
        """Rows as they were before, up to what the components left out."""
        return self.inverse_directions(X) + self._mean

    def inverse_directions(self, X: Array) -> Any:
        """Rows back in the features' coordinates, without the mean: right for weights."""
        return (X * self._scales) @ self._directions.T


class PCAViewConverter:
    """Images of rows that a PCA made: as they were before it."""

    def __init__(self, pca: PCA, before: Any) -> None:
        self._pca = pca
        self._before = before

    def __getattr__(self, name: str) -> Any:
        # What does not depend on the rows (shape, axes, topo_space...) is that of the images.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._before, name)

    def stored_images(self, design_matrix: Array) -> Any:
        """The images before the PCA, in `stored_space`."""
        return self._before.stored_images(self._pca.inverse(design_matrix))

    def design_mat_to_topo_view(self, design_matrix: Array) -> Any:
        """The images before the PCA."""
        return self._before.design_mat_to_topo_view(self._pca.inverse(design_matrix))

    def design_mat_to_weights_view(self, X: Array) -> Any:
        """Weights on the components as images."""
        return self._before.design_mat_to_weights_view(self._pca.inverse_directions(X))

    def topo_view_to_design_mat(self, topo_array: Array) -> Any:
        """Images projected as the rows were."""
        rows = self._before.topo_view_to_design_mat(topo_array)
        return (rows - self._pca._mean) @ self._pca._directions / self._pca._scales

    def get_formatted_batch(self, batch: Array, dspace: Space) -> Any:
        """Rows of the design matrix as images in `dspace`; as they are for a VectorSpace."""
        if isinstance(dspace, VectorSpace):
            return VectorSpace(batch.shape[1], dtype=None).np_format_as(batch, dspace)
        return self._before.get_formatted_batch(self._pca.inverse(batch), dspace)
