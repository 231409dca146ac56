"""K-means clustering."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.models.model import Model
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.types import Array, Symbol

log = logging.getLogger(__name__)


class KMeans(Model):
    """k centres, each the mean of the examples that are nearer to it than to the others.

    nvis: number of features.
    convergence_th: training ends when the mean squared distance to the nearest centre changes
    by no more.    max_iter: and after that many passes, if not None.
    verbose: log each pass.
    The first centres are examples drawn from NumPy's global generator.

    Pylearn2's own said that it need not be trained before it ever was, so that Train never did.
    """

    def __init__(
        self,
        k: int,
        nvis: int,
        convergence_th: float = 1e-6,
        max_iter: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__()
        if k < 1:
            raise ConfigError(f"KMeans: k must be 1 or more, got {k!r}.")
        self.k = k
        self.nvis = nvis
        self.convergence_th = convergence_th
        self.max_iter = max_iter
        self.verbose = verbose
        self.input_space, self.output_space = VectorSpace(nvis), VectorSpace(k)
        self.mu: Any = None

    def get_params(self) -> list[Symbol]:
        """The centres, shape (k, nvis); nothing before training."""
        self._check_init()
        return [] if self.mu is None else [self.mu]

    def continue_learning(self) -> bool:
        """Whether it has yet to be trained: one train_all goes on until it has converged."""
        return self.mu is None

    def train_all(self, dataset: Dataset, mu: Array | None = None) -> None:
        """Move the centres until they have converged.

        mu: the first centres, shape (k, nvis).
        """
        X = np.asarray(cast("MatrixLike", dataset).get_design_matrix())
        if X.shape[1] != self.nvis:
            raise ConfigError(f"KMeans: nvis is {self.nvis}, the data has {X.shape[1]} features.")
        if not np.isfinite(X).all():
            raise NonFiniteError("KMeans: there are NaN or infinite values in the data.")
        centres = self._first_centres(X) if mu is None else np.array(mu, dtype=X.dtype)
        if centres.shape != (self.k, self.nvis):
            raise ConfigError(
                f"KMeans: mu must have shape {(self.k, self.nvis)}, got {centres.shape}."
            )
        self.mu = sharedX(self._converge(X, centres), name="mu")
        self._params = [self.mu]

    def _first_centres(self, X: Array) -> Any:
        return X[np.random.randint(len(X), size=self.k)].copy()

    def _converge(self, X: Array, centres: Array) -> Any:
        before, passes = math.inf, 0
        while True:
            distances = np.stack([np.square(X - centre).sum(axis=1) for centre in centres], axis=1)
            nearest = distances.min(axis=1)
            mean = float(nearest.mean())
            if self.verbose:
                log.info("k-means, pass %d: mean squared distance %g", passes, mean)
            done = self.max_iter is not None and passes >= self.max_iter
            if passes > 0 and (done or abs(mean - before) <= self.convergence_th):
                return centres
            centres = _means(X, distances.argmin(axis=1), nearest, self.k)
            before, passes = mean, passes + 1

    def __call__(self, X: Symbol) -> Symbol:
        """Each example's squared distances to the centres, as shares of their sum.

        X: shape (n, nvis), symbolic.    The result: shape (n, k).
        """
        if self.mu is None:
            raise self._lacks("a call before it is trained")
        distances = pt.sqr(X[:, None, :] - self.mu[None, :, :]).sum(axis=2)
        return distances / distances.sum(axis=1, keepdims=True)

    def get_weights(self) -> Array:
        """The centres, shape (k, nvis)."""
        if self.mu is None:
            raise self._lacks("get_weights before it is trained")
        values: Array = self.mu.get_value()
        return values

    def get_weights_format(self) -> tuple[str, str]:
        """A row is a centre."""
        return ("h", "v")


def _means(X: Array, owner: Array, nearest: Array, k: int) -> Any:
    """The mean of each centre's examples; a centre without any moves to a far example."""
    far = iter(np.argsort(-nearest, kind="stable"))
    return np.stack(
        [
            X[owner == index].mean(axis=0) if (owner == index).any() else X[next(far)]
            for index in range(k)
        ]
    )
