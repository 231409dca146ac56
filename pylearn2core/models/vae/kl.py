"""KL(q(z | x) || p(z)) in closed form, for the pairs of posterior and prior that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.vae.conditional import Conditional, DiagonalGaussian
from pylearn2core.models.vae.prior import DiagonalGaussianPrior, Prior
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class KLIntegrator:
    """The KL divergence of a posterior of one class from a prior of one class.

    prior_class, posterior_class: those classes; a subclass of this one sets both.
    """

    prior_class: type[Prior] | None = None
    posterior_class: type[Conditional] | None = None

    def kl_divergence(
        self, phi: Symbol, theta: Symbol, prior: Prior, posterior: Conditional
    ) -> Symbol:
        """The divergence of each example, shape (batch,).

        phi: the posterior's parameters.    theta: the prior's.
        """
        return self.per_component_kl_divergence(phi, theta, prior, posterior).sum(axis=1)

    def per_component_kl_divergence(
        self, phi: Symbol, theta: Symbol, prior: Prior, posterior: Conditional
    ) -> Symbol:
        """The divergence of each latent unit, shape (batch, nhid), where they add up."""
        raise UnsupportedError(
            f"{type(self).__name__} does not implement per_component_kl_divergence."
        )

    def fits(self, prior: Prior, posterior: Conditional) -> bool:
        """Whether this formula is for these two."""
        if self.prior_class is None or self.posterior_class is None:
            raise ConfigError(
                f"{type(self).__name__} must set prior_class and posterior_class, the classes that "
                "its formula is for."
            )
        return isinstance(prior, self.prior_class) and isinstance(posterior, self.posterior_class)

    def check(self, prior: Prior, posterior: Conditional) -> None:
        """Raise ConfigError where this formula is not for these two."""
        if not self.fits(prior, posterior):
            assert self.prior_class is not None
            assert self.posterior_class is not None
            raise ConfigError(
                f"{type(self).__name__} is for a {self.prior_class.__name__} and a posterior "
                f"{self.posterior_class.__name__}, got a {type(prior).__name__} and a "
                f"{type(posterior).__name__}. Leave kl_integrator out: where there is no formula, "
                "the divergence is estimated from the samples."
            )


class DiagonalGaussianPriorPosteriorKL(KLIntegrator):
    """Between two diagonal Gaussians.

    Source: Kingma and Welling 2014, appendix B, for a prior of any mean and deviation.
    """

    prior_class = DiagonalGaussianPrior
    posterior_class = DiagonalGaussian

    def per_component_kl_divergence(
        self, phi: Symbol, theta: Symbol, prior: Prior, posterior: Conditional
    ) -> Symbol:
        """The divergence of each latent unit, shape (batch, nhid)."""
        self.check(prior, posterior)
        mu, log_sigma = phi
        prior_mu, prior_log_sigma = theta
        log_ratio = log_sigma - prior_log_sigma
        shift = pt.sqr((mu - prior_mu) * pt.exp(-prior_log_sigma))
        half, one = hyper(0.5), hyper(1.0)
        return half * (pt.exp(hyper(2.0) * log_ratio) + shift - one) - log_ratio


INTEGRATORS = (DiagonalGaussianPriorPosteriorKL,)


def find_integrator_for(prior: Prior, posterior: Conditional) -> KLIntegrator | None:
    """The formula for these two, or None where there is none here."""
    return next((cls() for cls in INTEGRATORS if cls().fits(prior, posterior)), None)
