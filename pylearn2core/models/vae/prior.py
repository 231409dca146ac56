"""Priors p(z) on the latent units of a VAE."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.models.vae.distribution import Distribution, gaussian_log_density
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class Prior(Distribution):
    """A distribution on z, whose parameters depend on nothing."""

    def initialize_parameters(self, nhid: int) -> None:
        """Make the parameters for `nhid` latent units."""
        raise self._lacks("initialize_parameters")

    def monitoring_channels_from_prior_params(self) -> OrderedDict[str, Symbol]:
        """Channels of the parameters; none by default."""
        return OrderedDict()

    def sample_from_p_z(self, num_samples: int, **kwargs: Any) -> Symbol:
        """Draws of z, shape (num_samples, nhid)."""
        raise self._lacks("sample_from_p_z")

    def log_p_z(self, z: Symbol) -> Symbol:
        """The log density of each z.  z: shape (..., nhid); the result lacks the last axis."""
        raise self._lacks("log_p_z")


class DiagonalGaussianPrior(Prior):
    """A Gaussian of independent units; it starts as the standard normal.

    Its parameters are the means and the logarithms of the standard deviations, shape (nhid,) each.
    """

    def initialize_parameters(self, nhid: int) -> None:
        """Make the parameters: all 0."""
        self.nhid = nhid
        self.prior_mu = sharedX(np.zeros(nhid), name="prior_mu")
        self.log_prior_sigma = sharedX(np.zeros(nhid), name="prior_log_sigma")
        self._params = [self.prior_mu, self.log_prior_sigma]

    def sample_from_p_z(self, num_samples: int, **kwargs: Any) -> Symbol:
        """Draws of z, shape (num_samples, nhid)."""
        noise = self.theano_rng.normal(size=(num_samples, self.nhid))
        return self.prior_mu + pt.exp(self.log_prior_sigma) * noise

    def log_p_z(self, z: Symbol) -> Symbol:
        """The log density of each z.  z: shape (..., nhid); the result lacks the last axis."""
        return gaussian_log_density(z, self.prior_mu, self.log_prior_sigma)
