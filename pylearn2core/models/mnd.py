"""Multivariate normal distributions: single Gaussians, with a full or a diagonal covariance."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
import scipy.linalg

from pylearn2core.errors import ConfigError
from pylearn2core.models.self_trained import SelfTrained, features_of
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Datasets
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Array, Symbol


class _Gaussian(SelfTrained):
    """What does not depend on how the precision is kept. A channel: nll, in nats."""

    nvis: int
    mu: Any

    def free_energy(self, X: Symbol) -> Symbol:
        """Half the squared distance of each row of X from the mean; a vector."""
        raise self._lacks("free_energy")

    def log_partition(self) -> Symbol:
        """The logarithm of the integral of exp(-free_energy)."""
        raise self._lacks("log_partition")

    def log_likelihood(self, X: Array) -> Symbol:
        """The log density at each row of X, in nats; a vector."""
        return -self.free_energy(X) - self.log_partition()

    def nll(self, X: Array, **kwargs: Any) -> Symbol:
        """The mean over the rows of X of minus the log density, in nats."""
        return -self.log_likelihood(X).mean()

    def get_default_cost(self) -> Cost:
        """`nll`: maximum likelihood by gradient."""
        from pylearn2core.costs.cost import MethodCost

        return MethodCost("nll")

    def get_monitoring_data_specs(self) -> DataSpecs:
        """The features."""
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """nll."""
        self.get_input_space().validate(data)
        return OrderedDict(nll=self.nll(data))


class MND(_Gaussian):
    """A Gaussian with a full covariance.

    nvis: number of features.
    min_variance: added to the diagonal of the covariance that `train_all` finds; what has no
        variance at all needs it above 0.
    Parameters: mu, shape (nvis,); L, whose lower triangle is the Cholesky factor of the inverse
    covariance, shape (nvis, nvis).
    """

    def __init__(
        self, nvis: int, min_variance: float = 1e-6, monitoring_dataset: Datasets | None = None
    ) -> None:
        super().__init__(monitoring_dataset)
        self.nvis = nvis
        self.min_variance = min_variance
        self.input_space = self.output_space = VectorSpace(nvis)
        self.mu = sharedX(np.zeros(nvis), "mu")
        self.L = sharedX(np.eye(nvis), "L")
        self._params = [self.mu, self.L]

    def fit_to(self, dataset: MatrixLike) -> None:
        """Set the mean and the covariance of most likelihood."""
        X = features_of(dataset, self, self.nvis).astype(np.float64)
        covariance = np.cov(X, rowvar=False, bias=True).reshape(self.nvis, self.nvis)
        covariance[np.diag_indices_from(covariance)] += self.min_variance
        try:
            precision = scipy.linalg.inv(covariance)
            factor = scipy.linalg.cholesky((precision + precision.T) / 2, lower=True)
        except scipy.linalg.LinAlgError as error:
            raise ConfigError(
                f"MND: the features' covariance can't be inverted ({error}). Give min_variance "
                f"above {self.min_variance:g}, 1e-3 say, or use DiagonalMND."
            ) from error
        self.set_param_values([X.mean(axis=0), factor])

    def _factor(self) -> Any:
        # A product with a constant: pt.tril does not lower to JAX.
        return self.L * np.tril(np.ones((self.nvis, self.nvis), dtype=self.L.dtype))

    def free_energy(self, X: Symbol) -> Symbol:
        """Half the squared Mahalanobis distance of each row of X from mu; a vector."""
        return 0.5 * pt.sqr(pt.dot(X - self.mu, self._factor())).sum(axis=1)

    def log_partition(self) -> Symbol:
        """The logarithm of the integral of exp(-free_energy)."""
        diagonal = (self.L * np.eye(self.nvis, dtype=self.L.dtype)).sum(axis=1)
        half_log_det = pt.log(pt.abs(diagonal)).sum()
        return 0.5 * self.nvis * math.log(2 * math.pi) - half_log_det

    def covariance(self) -> Any:
        """The covariance, an array of shape (nvis, nvis)."""
        factor = np.tril(self.L.get_value())
        return scipy.linalg.inv(factor @ factor.T)


class DiagonalMND(_Gaussian):
    """A Gaussian with a diagonal covariance.

    nvis: number of features.
    init_beta, init_mu: precision and mean of each feature before training.
    min_beta, max_beta: bounds of the precisions.
    Parameters: mu and beta, shape (nvis,).
    """

    def __init__(
        self,
        nvis: int,
        init_beta: float,
        init_mu: float,
        min_beta: float,
        max_beta: float,
        monitoring_dataset: Datasets | None = None,
    ) -> None:
        super().__init__(monitoring_dataset)
        if not 0 < min_beta <= max_beta:
            raise ConfigError(
                f"DiagonalMND: 0 < min_beta <= max_beta is needed, got {min_beta} and {max_beta}."
            )
        self.nvis = nvis
        self.min_beta, self.max_beta = min_beta, max_beta
        self.input_space = self.output_space = VectorSpace(nvis)
        self.mu = sharedX(np.full(nvis, init_mu, dtype=float), "mu")
        self.beta = sharedX(np.full(nvis, init_beta, dtype=float), "beta")
        self._params = [self.mu, self.beta]

    def fit_to(self, dataset: MatrixLike) -> None:
        """Set the means and the precisions of most likelihood within the bounds."""
        X = features_of(dataset, self, self.nvis).astype(np.float64)
        variance = np.clip(X.var(axis=0), 1 / self.max_beta, 1 / self.min_beta)
        self.set_param_values([X.mean(axis=0), 1 / variance])

    def free_energy(self, X: Symbol) -> Symbol:
        """Half the squared distance of each row of X from mu, weighted by beta; a vector."""
        return 0.5 * pt.dot(pt.sqr(X - self.mu), self.beta)

    def log_partition(self) -> Symbol:
        """The logarithm of the integral of exp(-free_energy)."""
        return 0.5 * self.nvis * math.log(2 * math.pi) - 0.5 * pt.log(self.beta).sum()

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        if self.beta in updates:
            updates[self.beta] = pt.clip(updates[self.beta], self.min_beta, self.max_beta)


def kl_divergence(q: DiagonalMND, p: DiagonalMND) -> Symbol:
    """The Kullback-Leibler divergence of q from p, in nats; a symbolic scalar."""
    if q.nvis != p.nvis:
        raise ValueError(f"q has {q.nvis} features, p has {p.nvis}: they must be equal")
    ratio = p.beta / q.beta
    squares = pt.dot(p.beta, pt.sqr(p.mu - q.mu))
    return 0.5 * (ratio.sum() + squares - pt.log(ratio).sum() - q.nvis)
