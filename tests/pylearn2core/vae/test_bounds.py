"""The bound and the importance sampling estimate: by hand, and where the likelihood is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import integrate, stats
from scipy.special import expit, logsumexp

from pylearn2core.costs.vae import ImportanceSamplingCriterion, VAECriterion
from pylearn2core.errors import ConfigError
from pylearn2core.models.vae import DiagonalGaussian, DiagonalGaussianPrior

RNG = np.random.RandomState(7)
X = RNG.uniform(size=(3, 5))
NOISE = RNG.normal(size=(4, 3, 2))  # four draws, three rows, two latent units


def values_of(model: Any) -> dict[str, Any]:
    return {
        param.name: param.get_value() for param in [*model.get_params(), *model.get_prior_params()]
    }


def by_hand(model: Any, is_gaussian: bool) -> dict[str, Any]:
    """The log densities of the draws, shape (4, 3), in NumPy and SciPy."""
    v = values_of(model)
    h = np.tanh(X @ v["posterior_h_W"] + v["posterior_h_b"])
    mu = h @ v["posterior_mu_W"] + v["posterior_mu_b"]
    sigma = np.exp(h @ v["posterior_log_sigma_W"] + v["posterior_log_sigma_b"])
    z = mu + sigma * NOISE
    hidden = np.tanh(z @ v["conditional_h_W"] + v["conditional_h_b"])
    out = hidden @ v["conditional_mu_W"] + v["conditional_mu_b"]
    if is_gaussian:
        log_sigma = hidden @ v["conditional_log_sigma_W"] + v["conditional_log_sigma_b"]
        log_p_x = stats.norm(out, np.exp(log_sigma)).logpdf(X)
    else:
        log_p_x = X * np.log(expit(out)) + (1 - X) * np.log(expit(-out))
    d = np.exp(v["prior_log_sigma"])
    kl = np.log(d / sigma) + (sigma**2 + (mu - v["prior_mu"]) ** 2) / (2 * d**2) - 0.5
    return {
        "log_p_x": log_p_x.sum(axis=2),
        "log_q": stats.norm(mu, sigma).logpdf(z).sum(axis=2),
        "log_p_z": stats.norm(v["prior_mu"], d).logpdf(z).sum(axis=2),
        "kl": kl.sum(axis=1),
    }


@pytest.fixture(params=[False, True], ids=["bernoulli", "gaussian"])
def fixed(request: Any, make_vae: Any, fix_noise: Any) -> tuple[Any, dict[str, Any]]:
    model = make_vae(DiagonalGaussian) if request.param else make_vae()
    fix_noise(model, NOISE)
    return model, by_hand(model, request.param)


def test_lower_bound_is_the_formula(fixed: Any, evaluate: Callable[..., Any]) -> None:
    model, hand = fixed
    x = pt.dmatrix()
    found = evaluate(model.log_likelihood_lower_bound(x, 4), {x: X})
    np.testing.assert_allclose(found, hand["log_p_x"].mean(axis=0) - hand["kl"], rtol=1e-10)
    terms = model.log_likelihood_lower_bound(x, 4, return_individual_terms=True)
    divergence, expectation = evaluate(list(terms), {x: X})
    np.testing.assert_allclose(divergence, hand["kl"], rtol=1e-10)
    np.testing.assert_allclose(expectation, hand["log_p_x"].mean(axis=0), rtol=1e-10)


def test_divergence_can_be_estimated_from_the_draws(
    fixed: Any, evaluate: Callable[..., Any]
) -> None:
    model, hand = fixed
    x = pt.dmatrix()
    expected = (hand["log_p_x"] + hand["log_p_z"] - hand["log_q"]).mean(axis=0)
    bound = model.log_likelihood_lower_bound(x, 4, approximate_kl=True)
    np.testing.assert_allclose(evaluate(bound, {x: X}), expected, rtol=1e-10)
    model.kl_integrator = None  # where there is no formula, it is estimated too
    bound = model.log_likelihood_lower_bound(x, 4)
    np.testing.assert_allclose(evaluate(bound, {x: X}), expected, rtol=1e-10)


def test_importance_sampling_is_the_log_mean_weight(
    fixed: Any, evaluate: Callable[..., Any]
) -> None:
    model, hand = fixed
    x = pt.dmatrix()
    weights = hand["log_p_x"] + hand["log_p_z"] - hand["log_q"]
    expected = logsumexp(weights, axis=0) - np.log(4)
    found = evaluate(model.log_likelihood_approximation(x, 4), {x: X})
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("criterion", [VAECriterion, ImportanceSamplingCriterion])
def test_gradients_are_finite_differences(
    fixed: Any, criterion: Any, evaluate: Callable[..., Any]
) -> None:
    model, _ = fixed
    x = pt.dmatrix()
    cost = criterion(4)
    params = model.get_params()
    assert len(params) >= 12  # the prior's too
    value = pytensor.function([x], cost.expr(model, x), mode="FAST_COMPILE")
    gradients, _ = cost.get_gradients(model, x)
    found = evaluate([gradients[param] for param in params], {x: X})
    step = 1e-6
    for param, gradient in zip(params, found, strict=True):
        start = param.get_value()
        for place in np.ndindex(start.shape):
            moved = []
            for sign in (1.0, -1.0):
                there = start.copy()
                there[place] += sign * step
                param.set_value(there)
                moved.append(float(value(X)))
            param.set_value(start)
            expected = (moved[0] - moved[1]) / (2 * step)
            assert gradient[place] == pytest.approx(expected, rel=1e-5, abs=1e-8), param


def test_importance_sampling_survives_weights_that_underflow(
    make_vae: Any, fix_noise: Any, evaluate: Callable[..., Any]
) -> None:
    model = make_vae(DiagonalGaussian)
    fix_noise(model, NOISE)
    # Deviations of e^-400: q's density is about e^800 where z is drawn, the weight e^-800.
    model.posterior.mlp.layers[-1].layers[1].set_biases(np.full(2, -400.0))
    x = pt.dmatrix()
    found = evaluate(model.log_likelihood_approximation(x, 4), {x: X})
    assert np.isfinite(found).all()
    assert (found < -700).all()


# Where the likelihood is known ----------------------------------------------------------------


def test_with_the_true_posterior_every_draw_gives_the_exact_likelihood(
    exact: Any, evaluate: Callable[..., Any]
) -> None:
    data = np.random.RandomState(5).normal(size=(6, 3)) * 2
    x = pt.dmatrix()
    expected = exact.log_likelihood(data)
    for value in (
        exact.model.log_likelihood_approximation(x, 1),
        exact.model.log_likelihood_approximation(x, 3),
        exact.model.log_likelihood_lower_bound(x, 1, approximate_kl=True),
    ):
        np.testing.assert_allclose(evaluate(value, {x: data}), expected, rtol=1e-10)


def test_the_bound_is_the_exact_likelihood_on_average_with_the_true_posterior(
    exact: Any, evaluate: Callable[..., Any]
) -> None:
    data = np.tile([[0.4, 1.0, -1.0]], (20_000, 1))
    x = pt.dmatrix()
    draws = evaluate(exact.model.log_likelihood_lower_bound(x), {x: data})
    expected = exact.log_likelihood(data[:1])
    error = draws.std() / np.sqrt(len(draws))
    assert error > 0
    assert abs(draws.mean() - expected) < 3 * error


def test_with_another_posterior_the_bound_is_lower_by_the_divergence(
    exact: Any, evaluate: Callable[..., Any]
) -> None:
    """E[bound] = log p(x) - KL(q || p(z | x)); many importance samples close that gap."""
    mu, log_sigma = exact.model.posterior.mlp.layers[0].layers
    true_deviations = np.exp(log_sigma.get_biases())
    mu.set_biases(mu.get_biases() + 0.5 * true_deviations)
    log_sigma.set_biases(np.log(1.5 * true_deviations))
    gap = 2 * (-np.log(1.5) + (1.5**2 + 0.5**2) / 2 - 0.5)  # the same for both units
    row = np.array([[0.4, 1.0, -1.0]])
    expected = exact.log_likelihood(row)
    x = pt.dmatrix()
    draws = evaluate(exact.model.log_likelihood_lower_bound(x), {x: np.tile(row, (20_000, 1))})
    assert abs(draws.mean() - (expected - gap)) < 3 * draws.std() / np.sqrt(len(draws))
    means = []
    for count in (1, 5, 50):
        estimates = evaluate(
            exact.model.log_likelihood_approximation(x, count), {x: np.tile(row, (2000, 1))}
        )
        means.append(estimates.mean())
    assert means[0] < means[1] < means[2]
    assert means[2] == pytest.approx(float(expected), abs=0.01)


def test_importance_sampling_finds_a_bernoulli_likelihood_by_quadrature(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    model = make_vae(nhid=1)
    v = values_of(model)
    # Draw z from a Gaussian somewhat wider than the prior: no weight is large.
    mu, log_sigma = model.posterior.mlp.layers[-1].layers
    for layer, bias in ((mu, v["prior_mu"]), (log_sigma, v["prior_log_sigma"] + 0.3)):
        layer.set_weights(np.zeros((4, 1)))
        layer.set_biases(bias)
    bits = np.array([[1.0, 0.0, 1.0, 1.0, 0.0]])

    def joint(z: float) -> float:
        hidden = np.tanh(z * v["conditional_h_W"][0] + v["conditional_h_b"])
        p = expit(hidden @ v["conditional_mu_W"] + v["conditional_mu_b"])
        prior = stats.norm(v["prior_mu"][0], np.exp(v["prior_log_sigma"][0]))
        return float(prior.pdf(z) * np.prod(np.where(bits[0] == 1, p, 1 - p)))

    expected = np.log(integrate.quad(joint, -15, 15, points=[-2, 0, 2])[0])
    x = pt.dmatrix()
    many = evaluate(model.log_likelihood_approximation(x, 1000), {x: np.tile(bits, (40, 1))})
    error = many.std() / np.sqrt(len(many))
    assert error < 0.02
    assert abs(many.mean() - expected) < 4 * error


def test_numbers_of_samples_are_checked(make_vae: Any) -> None:
    with pytest.raises(ConfigError, match="num_samples: expected an integer > 0, got 0"):
        make_vae().log_likelihood_lower_bound(pt.dmatrix(), 0)
    for criterion in (VAECriterion, ImportanceSamplingCriterion):
        with pytest.raises(ConfigError, match=f"{criterion.__name__}: num_samples must be"):
            criterion(num_samples=0)


def test_a_divergence_without_formula_needs_the_noise(make_vae: Any) -> None:
    model = make_vae()
    model.kl_integrator = None
    phi = model.encode_phi(pt.dmatrix())
    with pytest.raises(ValueError, match="needs epsilon"):
        model.kl_divergence_term(phi, model.get_prior_theta())
    with pytest.raises(ConfigError, match="no kl_integrator"):
        model.per_component_kl_divergence_term(phi, model.get_prior_theta())


def test_a_prior_of_ones_own_is_used_without_a_formula(
    make_vae: Any, fix_noise: Any, evaluate: Callable[..., Any]
) -> None:
    from pylearn2core.models.vae import Prior

    class Laplace(Prior):
        def initialize_parameters(self, nhid: int) -> None:
            self._params: list[Any] = []

        def log_p_z(self, z: Any) -> Any:
            return -(abs(z) + np.log(2.0)).sum(axis=-1)

    model = make_vae(prior=Laplace())
    plain = make_vae(prior=DiagonalGaussianPrior())
    for one in (model, plain):
        fix_noise(one, NOISE)
    plain.set_param_values([*model.get_param_values(), np.zeros(2), np.zeros(2)])
    assert model.kl_integrator is None
    hand = by_hand(plain, False)
    z = evaluate(
        plain.sample_from_q_z_given_x(pt.constant(NOISE), plain.encode_phi(pt.constant(X)))
    )
    log_p_z = stats.laplace.logpdf(z).sum(axis=2)
    expected = (hand["log_p_x"] + log_p_z - hand["log_q"]).mean(axis=0)
    x = pt.dmatrix()
    found = evaluate(model.log_likelihood_lower_bound(x, 4), {x: X})
    np.testing.assert_allclose(found, expected, rtol=1e-10)
