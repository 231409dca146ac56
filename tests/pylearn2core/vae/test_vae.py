"""The VAE as a model: its parts, its first weights, what it draws, what it refuses."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import integrate, stats
from scipy.special import expit

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, CompositeLayer, Linear, RectifiedLinear
from pylearn2core.models.vae import (
    VAE,
    BernoulliVector,
    DiagonalGaussian,
    DiagonalGaussianPrior,
)

NAMES = [
    "posterior_h_W",
    "posterior_h_b",
    "posterior_log_sigma_W",
    "posterior_log_sigma_b",
    "posterior_mu_W",
    "posterior_mu_b",
    "conditional_h_W",
    "conditional_h_b",
    "conditional_mu_W",
    "conditional_mu_b",
    "prior_mu",
    "prior_log_sigma",
]


def fresh(**kwargs: Any) -> VAE:
    def mlp(**options: Any) -> MLP:
        return MLP([RectifiedLinear(dim=4, layer_name="h", irange=0.5, **options)])

    parts = {
        "prior": DiagonalGaussianPrior(),
        "conditional": BernoulliVector(mlp(W_lr_scale=0.5), "conditional"),
        "posterior": DiagonalGaussian(mlp(max_col_norm=0.3), "posterior"),
    }
    return VAE(**({"nvis": 5, "nhid": 2} | parts | kwargs))


def test_first_weights_are_pylearn2s_draws() -> None:
    """Pylearn2: seed 2014 + 9 + 20; a seed for each part's noise, then p(x | z), then q(z | x)."""
    rng = np.random.RandomState(2043)
    rng.randint(2**30, size=3)

    def draw(irange: float, shape: tuple[int, int]) -> Any:
        weights = rng.uniform(-irange, irange, shape)
        rng.uniform(0, 1, shape)  # the Linear family always draws a second time
        return weights

    expected = {
        "conditional_h_W": draw(0.5, (2, 4)),
        "conditional_mu_W": draw(0.01, (4, 5)),
        "posterior_h_W": draw(0.5, (5, 4)),
        "posterior_mu_W": draw(0.01, (4, 2)),
        "posterior_log_sigma_W": draw(0.01, (4, 2)),
    }
    found = {param.name: param.get_value() for param in fresh().get_params()}
    assert list(found) == NAMES
    for name, value in found.items():
        np.testing.assert_array_equal(value, expected.get(name, np.zeros_like(value)))


def test_the_prior_can_be_left_as_it_is() -> None:
    model = fresh(learn_prior=False)
    assert [param.name for param in model.get_params()] == NAMES[:-2]
    assert [param.name for param in model.get_prior_params()] == NAMES[-2:]


def test_learning_rates_and_norm_bounds_of_the_layers_hold() -> None:
    model = fresh()
    assert list(model.get_lr_scalers().values()) == [0.5]
    assert [param.name for param in model.get_lr_scalers()] == ["conditional_h_W"]
    model.enforce_constraints()
    norms = np.linalg.norm(model.get_params()[0].get_value(), axis=0)
    assert (norms <= 0.3 + 1e-9).all()
    assert norms.max() == pytest.approx(0.3)
    np.testing.assert_array_equal(model.get_weights(), model.get_params()[0].get_value())


def test_a_batch_size_reaches_the_mlps() -> None:
    model = fresh(batch_size=20)
    assert [model.conditional.mlp.batch_size, model.posterior.mlp.batch_size] == [20, 20]
    model.set_batch_size(30)
    assert [model.conditional.mlp.batch_size, model.posterior.mlp.batch_size] == [30, 30]


# Draws ----------------------------------------------------------------------------------------


def test_draws_of_x_have_the_models_mean(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    model = make_vae(nhid=1)
    v = {param.name: param.get_value() for param in model.get_params()}
    prior = stats.norm(v["prior_mu"][0], np.exp(v["prior_log_sigma"][0]))

    def weighted(z: float) -> Any:
        hidden = np.tanh(z * v["conditional_h_W"][0] + v["conditional_h_b"])
        return prior.pdf(z) * expit(hidden @ v["conditional_mu_W"] + v["conditional_mu_b"])

    expected, _ = integrate.quad_vec(weighted, -15, 15)
    rows = 20_000
    draws, means = evaluate(list(model.sample(rows)))
    assert draws.shape == means.shape == (rows, 5)
    assert set(np.unique(draws)) == {0.0, 1.0}
    error = np.sqrt(expected * (1 - expected) / rows)
    assert (abs(draws.mean(axis=0) - expected) < 4 * error).all()
    assert (abs(means.mean(axis=0) - expected) < 4 * error).all()
    # Of one z each: the draws scatter around their own means.
    np.testing.assert_allclose((draws - means).mean(axis=0), 0, atol=4 * error.max())


class Tempered(DiagonalGaussianPrior):
    """A user's prior, with a keyword of its own."""

    def sample_from_p_z(self, num_samples: int, temperature: float = 1.0, **kwargs: Any) -> Any:
        return temperature * super().sample_from_p_z(num_samples, **kwargs)


def test_a_prior_gets_the_keywords_of_a_draw(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    model = make_vae(prior=Tempered())
    np.testing.assert_array_equal(evaluate(model.sample_from_p_z(3, temperature=0.0)), 0)
    v = {param.name: param.get_value() for param in model.get_params()}
    logits = np.tanh(v["conditional_h_b"]) @ v["conditional_mu_W"] + v["conditional_mu_b"]
    means = evaluate(model.sample(3, temperature=0.0)[1])
    np.testing.assert_allclose(means, [expit(logits)] * 3)


def test_draws_of_a_linear_vae_have_its_covariance(
    exact: Any, evaluate: Callable[..., Any]
) -> None:
    rows = 40_000
    draws = evaluate(exact.model.sample(rows, return_sample_means=False))
    error = np.sqrt(np.diag(exact.covariance) / rows)
    assert (abs(draws.mean(axis=0) - exact.mean) < 4 * error).all()
    # White, the covariance is the unit matrix with an error of at most sqrt(2 / rows).
    white = np.linalg.solve(np.linalg.cholesky(exact.covariance), (draws - exact.mean).T)
    np.testing.assert_allclose(np.cov(white), np.eye(3), atol=4.5 * np.sqrt(2 / rows))


def test_reconstruction_goes_through_the_mean_of_z(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    model = make_vae()
    v = {param.name: param.get_value() for param in model.get_params()}
    X = np.random.RandomState(0).uniform(size=(6, 5))
    z = np.tanh(X @ v["posterior_h_W"] + v["posterior_h_b"])
    z = z @ v["posterior_mu_W"] + v["posterior_mu_b"]
    hidden = np.tanh(z @ v["conditional_h_W"] + v["conditional_h_b"])
    expected = expit(hidden @ v["conditional_mu_W"] + v["conditional_mu_b"])
    x = pt.dmatrix()
    draws, means = evaluate(list(model.reconstruct(x)), {x: X})
    np.testing.assert_allclose(means, expected, rtol=1e-12)
    assert set(np.unique(draws)) <= {0.0, 1.0}
    _, noisy = evaluate(list(model.reconstruct(x, noisy_encoding=True)), {x: X})
    assert (abs(noisy - expected) > 1e-6).all()


def test_channels_are_those_of_the_parts(
    make_vae: Any, fix_noise: Any, evaluate: Callable[..., Any]
) -> None:
    model = make_vae(DiagonalGaussian)
    noise = np.random.RandomState(4).normal(size=(6, 2))
    fix_noise(model, noise)
    X = np.random.RandomState(0).uniform(size=(6, 5))
    x = pt.dmatrix()
    channels = model.get_monitoring_channels(x)
    found = dict(zip(channels, evaluate(list(channels.values()), {x: X}), strict=True))
    _, log_sigma = evaluate(list(model.encode_phi(x)), {x: X})
    z = model.sample_from_q_z_given_x(pt.constant(noise), model.encode_phi(x))
    _, log_sigma_x = evaluate(list(model.decode_theta(z)), {x: X})
    means = evaluate(model.reconstruct(x)[1], {x: X})
    expected = {"reconstruction_error": np.square(X - means).mean()}
    for name, sigma in (("posterior", np.exp(log_sigma)), ("conditional", np.exp(log_sigma_x))):
        for kind in ("min", "max", "mean", "std"):
            expected[f"{name}_sigma_{kind}"] = getattr(sigma, kind)()
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_pickled_vae_is_the_same_and_draws_on(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    model = make_vae()
    evaluate(model.sample(3)[0])
    again = pickle.loads(pickle.dumps(model))
    x = pt.dmatrix()
    X = np.random.RandomState(0).uniform(size=(6, 5))
    before, after = (evaluate(one.reconstruct(x)[1], {x: X}) for one in (model, again))
    np.testing.assert_array_equal(before, after)
    assert again.posterior.get_vae() is again
    np.testing.assert_array_equal(*(evaluate(one.sample(3)[0]) for one in (model, again)))


# What it refuses ------------------------------------------------------------------------------


def layers() -> list[Linear]:
    return [Linear(dim=2, layer_name="h", irange=0.1)]


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (lambda: fresh(nvis=0), "nvis: expected an integer > 0, got 0"),
        (lambda: fresh(nhid=2.5), "nhid: expected an integer > 0, got 2.5"),
        (lambda: fresh(prior=MLP(layers())), "VAE: prior must be a Prior"),
        (lambda: fresh(posterior=DiagonalGaussianPrior()), "VAE: posterior must be a Conditional"),
        (lambda: BernoulliVector(layers(), "p"), "BernoulliVector 'p': mlp must be an MLP"),
        (lambda: BernoulliVector(MLP(layers(), nvis=3), "p"), "has an input space already"),
        (
            lambda: fresh(conditional=BernoulliVector(MLP(layers()), "posterior")),
            "both have the name 'posterior'",
        ),
        (
            lambda: fresh(conditional=BernoulliVector(MLP(layers()), "conditional", False)),
            "its mlp gives VectorSpace.*expected VectorSpace.*output_layer_required",
        ),
    ],
)
def test_wrong_parts_are_told(build: Callable[[], Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        build()


def test_a_part_belongs_to_one_vae() -> None:
    first = fresh()
    with pytest.raises(ConfigError, match="a part of another VAE"):
        fresh(prior=first.prior)


def test_an_mlp_may_bring_the_layer_of_the_parameters() -> None:
    top = CompositeLayer(
        "top", [Linear(dim=2, layer_name=name, irange=0.1) for name in ("mean", "scale")]
    )
    part = DiagonalGaussian(MLP([*layers(), top]), "posterior", output_layer_required=False)
    names = [param.name for param in fresh(posterior=part).get_posterior_params()]
    assert names == [
        "posterior_h_W",
        "posterior_h_b",
        "posterior_scale_W",
        "posterior_scale_b",
        "posterior_mean_W",
        "posterior_mean_b",
    ]
