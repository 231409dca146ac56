"""Noise whose density is known, for noise contrastive estimation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.types import Seed, Symbol

DEFAULT_SEED = 42


class GaussianNoise:
    """Independent normal numbers.

    dataset: whose means and standard deviations (times `spread`) they have; or
    mean, stdev: arrays of shape (units,).
    seed: of the draws.
    """

    def __init__(
        self,
        dataset: MatrixLike | None = None,
        mean: Any = None,
        stdev: Any = None,
        spread: float = 1.0,
        seed: Seed = DEFAULT_SEED,
    ) -> None:
        if (dataset is None) == (mean is None or stdev is None):
            raise ConfigError("GaussianNoise: give a dataset, or mean and stdev.")
        if dataset is not None:
            X = np.asarray(dataset.get_design_matrix(), dtype=float)
            mean, stdev = X.mean(axis=0), spread * X.std(axis=0)
        if np.ndim(mean) != 1 or np.shape(mean) != np.shape(stdev) or np.min(stdev) <= 0:
            raise ConfigError(
                "GaussianNoise: mean and stdev must be vectors of one length, and no deviation 0; "
                f"shapes {np.shape(mean)} and {np.shape(stdev)}, least {np.min(stdev):g}."
            )
        self.mean, self.stdev = sharedX(mean, "noise_mean"), sharedX(stdev, "noise_stdev")
        self._rng = MRG_RandomStreams(seed)

    def random_design_matrix(self, m: Symbol) -> Symbol:
        """A symbolic batch of m rows."""
        units = self.mean.get_value(borrow=True).size
        return self.mean + self.stdev * self._rng.normal(size=(m, units), dtype=self.mean.dtype)

    def log_prob(self, X: Symbol) -> Symbol:
        """The log density at each row of X, in nats; a vector."""
        squares = hyper(-0.5) * pt.sqr((X - self.mean) / self.stdev)
        return (squares - pt.log(self.stdev) - hyper(0.5 * math.log(2 * math.pi))).sum(axis=1)


class BernoulliNoise:
    """Independent zeros and ones.

    dataset: whose means they have, drawn a little towards 1/2; or p: array of shape (units,), the
    probabilities of 1.
    seed: of the draws.
    """

    def __init__(
        self, dataset: MatrixLike | None = None, p: Any = None, seed: Seed = DEFAULT_SEED
    ) -> None:
        if (dataset is None) == (p is None):
            raise ConfigError("BernoulliNoise: give a dataset, or p.")
        if dataset is not None:
            p = 0.01 + 0.98 * np.asarray(dataset.get_design_matrix(), dtype=float).mean(axis=0)
        if np.ndim(p) != 1 or np.min(p) <= 0 or np.max(p) >= 1:
            raise ConfigError(
                f"BernoulliNoise: p must be a vector of numbers in (0, 1), got {p!r}."
            )
        self.p = sharedX(p, "noise_p")
        self._rng = MRG_RandomStreams(seed)

    def random_design_matrix(self, m: Symbol) -> Symbol:
        """A symbolic batch of m rows."""
        size = (m, self.p.get_value(borrow=True).size)
        return self._rng.binomial(size=size, p=self.p, dtype=self.p.dtype)

    def log_prob(self, X: Symbol) -> Symbol:
        """The log probability of each row of X, in nats; a vector."""
        one = hyper(1.0)
        return (X * pt.log(self.p) + (one - X) * pt.log(one - self.p)).sum(axis=1)
