"""Principal component analysis as a block."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
import scipy.linalg
import scipy.sparse

from pylearn2core.blocks import Block
from pylearn2core.errors import ConfigError
from pylearn2core.models.self_trained import SelfTrained, features_of
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Datasets
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Array, Symbol


class PCA(SelfTrained, Block):
    """Projects on the directions of largest variance; the directions' signs are arbitrary.

    num_components: how many are kept, None for all.
    min_variance: the least share of the variance that a kept one has.
    whiten: divide each by its standard deviation.
    Parameters, once trained: mean, shape (features,); W, shape (features, kept), a direction a
    column; v, shape (kept,), their variances in descending order.
    A channel: mean_squared_error of the reconstruction, summed over features.
    """

    def __init__(
        self,
        num_components: int | None = None,
        min_variance: float = 0.0,
        whiten: bool = False,
        monitoring_dataset: Datasets | None = None,
    ) -> None:
        super().__init__(monitoring_dataset)
        if num_components is not None and num_components < 1:
            raise ConfigError(f"num_components must be 1 or more, got {num_components!r}.")
        self.num_components = num_components
        self.min_variance = min_variance
        self.whiten = whiten
        self.W: Any = None
        self.v: Any = None
        self.mean: Any = None

    # -------------------------------------------------------------- training
    def fit_to(self, dataset: MatrixLike) -> None:
        """Learn from a dataset's design matrix."""
        self.train(features_of(dataset, self))

    def train(self, X: Array, mean: Array | None = None) -> None:
        """Learn from the rows of X, which are centred already where `mean` is given."""
        if mean is None:
            mean = X.mean(axis=0)
            X = X - mean
        values, vectors = self._cov_eigen(X)
        kept = self._count(values)
        self.mean = sharedX(mean, "mean")
        self.W = sharedX(vectors[:, :kept], "W")
        self.v = sharedX(values[:kept], "v")
        self._params = [self.mean, self.W, self.v]
        self.input_space, self.output_space = VectorSpace(len(mean)), VectorSpace(kept)
        self._is_trained = True

    def _cov_eigen(self, X: Array) -> tuple[Any, Any]:
        """Variances in descending order, and a direction a column, of centred rows."""
        raise self._lacks("_cov_eigen; use CovEigPCA or SVDPCA")

    def _count(self, values: Array) -> int:
        above = np.flatnonzero(values / values.sum() > self.min_variance)
        if not above.size:
            raise ConfigError(
                f"{type(self).__name__}: no component has a share of the variance above "
                f"min_variance={self.min_variance}; the largest is {values[0] / values.sum():g}."
            )
        return min(int(above[-1]) + 1, self.num_components or len(values))

    # -------------------------------------------------------------- the block
    def __call__(self, inputs: Symbol) -> Symbol:
        """The projections, shape (batch, kept)."""
        self._check_trained("__call__")
        return pt.dot(inputs - self.mean, self._scaled())

    def perform(self, X: Array) -> Array:
        """The projections of an array of inputs."""
        self._check_trained("perform")
        values: Array = (X - self.mean.get_value(borrow=True)) @ self.get_weights()
        return values

    def _scaled(self) -> Any:
        return self.W / pt.sqrt(self.v) if self.whiten else self.W

    def reconstruct(self, inputs: Symbol, add_mean: bool = True) -> Any:
        """Inputs back from projections, up to what the components left out."""
        self._check_trained("reconstruct")
        projected = inputs * pt.sqrt(self.v) if self.whiten else inputs
        X = pt.dot(projected, self.W.T)
        return X + self.mean if add_mean else X

    def get_weights(self) -> Array:
        """What centred inputs are multiplied with, shape (features, kept)."""
        self._check_trained("get_weights")
        W = self.W.get_value()
        values: Array = W / np.sqrt(self.v.get_value()) if self.whiten else W
        return values

    # -------------------------------------------------------------- monitoring
    def get_monitoring_data_specs(self) -> DataSpecs:
        """The features."""
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """mean_squared_error."""
        self.get_input_space().validate(data)
        error = pt.sqr(data - self.reconstruct(self(data))).sum(axis=1).mean()
        return OrderedDict(mean_squared_error=error)


class CovEigPCA(PCA):
    """By the eigenvectors of the covariance, divided by n - 1.

    cov_batch_size: rows at a time, to spare memory; the result is the same.    kwargs: PCA's.
    """

    def __init__(self, cov_batch_size: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cov_batch_size = cov_batch_size

    def _cov_eigen(self, X: Array) -> tuple[Any, Any]:
        step = self.cov_batch_size or len(X)
        parts = (X[start : start + step] for start in range(0, len(X), step))
        # Centred anew: a mean that was given need not be that of the rows.
        centre = X.mean(axis=0)
        scatter = sum((part - centre).T @ (part - centre) for part in parts)
        values, vectors = scipy.linalg.eigh(scatter / (len(X) - 1))
        return values[::-1], vectors[:, ::-1]


class SVDPCA(PCA):
    """By the singular values of the rows; v holds their squares, not divided by n - 1."""

    def _cov_eigen(self, X: Array) -> tuple[Any, Any]:
        _, singular, directions = scipy.linalg.svd(X, full_matrices=False)
        return singular**2, directions.T


class SparseMatPCA(PCA):
    """PCA of a sparse matrix that would not fit into memory as a dense one; covariance over n.

    Trained by `train(X)`, or by `train_all` on a SparseDataset. batch_size: rows at a time.
    """

    def __init__(self, batch_size: int = 50, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_size = batch_size

    def fit_to(self, dataset: MatrixLike) -> None:
        """Learn from a dataset's sparse design matrix."""
        self.train(dataset.get_design_matrix())

    def train(self, X: Any, mean: Any = None) -> None:
        """Learn from the rows of X, a scipy sparse matrix that is not centred."""
        if not scipy.sparse.issparse(X):
            raise TypeError(f"SparseMatPCA needs a scipy sparse matrix, got {type(X).__name__}")
        self._centre = np.asarray(X.mean(axis=0)).ravel()
        super().train(X.tocsr(), mean=self._centre)

    def _cov_eigen(self, X: Any) -> tuple[Any, Any]:
        scatter = 0.0
        for start in range(0, X.shape[0], self.batch_size):
            rows = X[start : start + self.batch_size].toarray() - self._centre
            scatter = scatter + rows.T @ rows
        values, vectors = scipy.linalg.eigh(np.asarray(scatter) / X.shape[0])
        return values[::-1], vectors[:, ::-1]
