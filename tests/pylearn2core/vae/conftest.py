from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
import pytest
from scipy.stats import multivariate_normal

from pylearn2core.models.mlp import MLP, CompositeLayer, Linear, Tanh
from pylearn2core.models.vae import (
    VAE,
    BernoulliVector,
    DiagonalGaussian,
    DiagonalGaussianPrior,
)


def compiled(inputs: Any, outputs: Any) -> Any:
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")


@pytest.fixture
def evaluate() -> Callable[..., Any]:
    """evaluate(outputs, {variable: array}): the values of symbolic outputs."""

    def run(outputs: Any, values: dict[Any, Any] | None = None) -> Any:
        values = values or {}
        return compiled(list(values), outputs)(*values.values())

    return run


@pytest.fixture
def make_vae() -> Callable[..., VAE]:
    """make_vae(conditional=class, **kwargs): 5 visible, 4 hidden and 2 latent units by default."""

    def make(
        conditional: Any = BernoulliVector,
        nvis: int = 5,
        nhid: int = 2,
        dim: int = 4,
        **kwargs: Any,
    ) -> VAE:
        def mlp() -> MLP:
            return MLP([Tanh(dim=dim, layer_name="h", irange=0.5)])

        kwargs = {"prior": DiagonalGaussianPrior(), "seed": 1} | kwargs
        model = VAE(
            nvis=nvis,
            nhid=nhid,
            conditional=conditional(mlp=mlp(), name="conditional"),
            posterior=DiagonalGaussian(mlp=mlp(), name="posterior"),
            **kwargs,
        )
        rng = np.random.RandomState(3)
        for param in [*model.get_params(), *model.get_prior_params()]:
            param.set_value(rng.normal(scale=0.6, size=param.get_value().shape))
        return model

    return make


@pytest.fixture
def fix_noise() -> Callable[..., None]:
    """fix_noise(model, array): every draw from q(z | x) is made of this noise."""

    def fix(model: VAE, noise: Any) -> None:
        model.posterior.sample_from_epsilon = lambda shape: pytensor.tensor.constant(noise)

    return fix


@dataclass(frozen=True, slots=True)
class Exact:
    """A linear VAE of Gaussians alone, where everything is known."""

    model: VAE
    mean: Any  # of x, shape (3,)
    covariance: Any  # of x, shape (3, 3)

    def log_likelihood(self, X: Any) -> Any:
        return multivariate_normal(self.mean, self.covariance).logpdf(X)


@pytest.fixture
def exact() -> Exact:
    """x = W z + b + 0.7 noise, z of mean m and deviations d; q(z | x) is the true posterior."""

    def gaussian(name: str, dim: int) -> DiagonalGaussian:
        parts = [Linear(dim=dim, layer_name=part, irange=0.0) for part in ("mu", "log_sigma")]
        top = CompositeLayer("conditional", parts)
        return DiagonalGaussian(MLP([top]), name, output_layer_required=False)

    model = VAE(
        nvis=3,
        nhid=2,
        prior=DiagonalGaussianPrior(),
        conditional=gaussian("conditional", 3),
        posterior=gaussian("posterior", 2),
        seed=1,
    )
    # Orthogonal columns: else the latent units are dependent, given x.
    W = np.array([[1.0, 0.5], [2.0, -0.25], [0.0, 1.0]])
    b, m, d, s = np.array([0.3, -1.0, 2.0]), np.array([0.5, -0.2]), np.array([1.3, 0.6]), 0.7
    precision = 1 / d**2 + np.square(W).sum(axis=0) / s**2
    encoder = W / s**2 / precision
    offset = (m / d**2) / precision - b @ encoder
    model.prior.prior_mu.set_value(m)
    model.prior.log_prior_sigma.set_value(np.log(d))
    _set(model.conditional, W.T, b, np.full(3, np.log(s)))
    _set(model.posterior, encoder, offset, -0.5 * np.log(precision))
    return Exact(model, W @ m + b, W @ np.diag(d**2) @ W.T + s**2 * np.eye(3))


def _set(part: DiagonalGaussian, W: Any, b: Any, log_sigma: Any) -> None:
    mu, log = part.mlp.layers[0].layers
    mu.set_weights(W)
    mu.set_biases(b)
    log.set_biases(log_sigma)
