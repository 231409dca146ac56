"""Variational autoencoders: VAE, and the distributions that one is made of."""

from __future__ import annotations

from pylearn2core.models.vae.conditional import BernoulliVector, Conditional, DiagonalGaussian
from pylearn2core.models.vae.kl import (
    DiagonalGaussianPriorPosteriorKL,
    KLIntegrator,
    find_integrator_for,
)
from pylearn2core.models.vae.prior import DiagonalGaussianPrior, Prior
from pylearn2core.models.vae.vae import VAE

__all__ = [
    "VAE",
    "BernoulliVector",
    "Conditional",
    "DiagonalGaussian",
    "DiagonalGaussianPrior",
    "DiagonalGaussianPriorPosteriorKL",
    "KLIntegrator",
    "Prior",
    "find_integrator_for",
]
