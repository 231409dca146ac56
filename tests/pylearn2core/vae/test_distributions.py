"""The distributions that a VAE is made of, against SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import integrate, stats
from scipy.special import expit

from pylearn2core.errors import ConfigError
from pylearn2core.models.vae import (
    BernoulliVector,
    DiagonalGaussian,
    DiagonalGaussianPrior,
    DiagonalGaussianPriorPosteriorKL,
    KLIntegrator,
    Prior,
    find_integrator_for,
)

RNG = np.random.RandomState(0)
MU, LOG_SIGMA = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))
DRAWS = RNG.normal(size=(3, 4, 5))  # three for each of four rows


def divergence(q: Any, p: Any) -> float:
    """KL(q || p) of two distributions of a number, by quadrature."""
    low, high = q.mean() - 12 * q.std(), q.mean() + 12 * q.std()
    return float(integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)[0])


def test_gaussian_log_probability_is_scipys(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    part = make_vae(DiagonalGaussian).conditional
    expected = stats.norm(MU, np.exp(LOG_SIGMA)).logpdf(DRAWS).sum(axis=2)
    params = (pt.constant(MU), pt.constant(LOG_SIGMA))
    found = evaluate(part.log_conditional(pt.constant(DRAWS), params))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    one = evaluate(part.log_conditional(pt.constant(DRAWS[0]), params))
    np.testing.assert_allclose(one, expected[0], rtol=1e-12)


def test_bernoulli_log_probability_is_scipys(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    part = make_vae().conditional
    bits = (DRAWS > 0).astype(float)
    expected = stats.bernoulli(expit(MU)).logpmf(bits).sum(axis=2)
    found = evaluate(part.log_conditional(pt.constant(bits), (pt.constant(MU),)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bernoulli_log_probability_of_greys_is_minus_the_cross_entropy(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    grey, p = expit(DRAWS[0]), expit(MU)
    expected = (grey * np.log(p) + (1 - grey) * np.log(1 - p)).sum(axis=1)
    part = make_vae().conditional
    found = evaluate(part.log_conditional(pt.constant(grey), (pt.constant(MU),)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bernoulli_log_probability_does_not_saturate(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    logits = np.array([[800.0, -800.0, 800.0, -800.0, 0.0]])
    bits = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]])
    part = make_vae().conditional
    found = evaluate(part.log_conditional(pt.constant(bits), (pt.constant(logits),)))
    np.testing.assert_allclose(found, [-1600 - np.log(2)], rtol=1e-12)


def test_log_prior_is_scipys(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    prior = make_vae().prior
    mu, log_sigma = (param.get_value() for param in prior.get_params())
    z = DRAWS[..., :2]
    expected = stats.norm(mu, np.exp(log_sigma)).logpdf(z).sum(axis=2)
    np.testing.assert_allclose(evaluate(prior.log_p_z(pt.constant(z))), expected, rtol=1e-12)


def test_prior_starts_as_the_standard_normal(make_vae: Any) -> None:
    prior = DiagonalGaussianPrior()
    prior.initialize_parameters(3)
    assert [param.get_value().tolist() for param in prior.get_params()] == [[0.0] * 3] * 2


def test_kl_of_each_unit_is_its_integral(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    model = make_vae()
    phi = (MU[:, :2], 0.4 * LOG_SIGMA[:, :2])
    theta = [param.get_value() for param in model.get_prior_params()]
    symbolic = tuple(map(pt.constant, phi)), list(map(pt.constant, theta))
    found = evaluate(model.per_component_kl_divergence_term(*symbolic))
    assert found.shape == (4, 2)
    for row, unit in np.ndindex(4, 2):
        q = stats.norm(phi[0][row, unit], np.exp(phi[1][row, unit]))
        p = stats.norm(theta[0][unit], np.exp(theta[1][unit]))
        assert found[row, unit] == pytest.approx(divergence(q, p), rel=1e-7)
    total = evaluate(model.kl_divergence_term(*symbolic))
    np.testing.assert_allclose(total, found.sum(axis=1), rtol=1e-12)


def test_gaussian_draws_follow_the_noise(make_vae: Any, evaluate: Callable[..., Any]) -> None:
    part = make_vae(DiagonalGaussian).conditional
    params = (pt.constant(MU), pt.constant(LOG_SIGMA))
    found = evaluate(part.sample_from_conditional(params, epsilon=pt.constant(DRAWS)))
    np.testing.assert_allclose(found, MU + np.exp(LOG_SIGMA) * DRAWS, rtol=1e-12)


def test_draws_without_noise_have_the_distributions_moments(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    rows = 20_000
    mu, log_sigma = np.tile(MU[:1], (rows, 1)), np.tile(LOG_SIGMA[:1], (rows, 1))
    gaussian = make_vae(DiagonalGaussian).conditional
    normal = evaluate(
        gaussian.sample_from_conditional(
            (pt.constant(mu), pt.constant(log_sigma)), num_samples=rows
        )
    )
    p_values = [
        stats.kstest(column, stats.norm(m, np.exp(s)).cdf).pvalue
        for column, m, s in zip(normal.T, MU[0], LOG_SIGMA[0], strict=True)
    ]
    assert min(p_values) > 1e-4
    bits = evaluate(
        make_vae().conditional.sample_from_conditional((pt.constant(mu),), num_samples=rows)
    )
    assert bits.dtype == "float64"
    assert set(np.unique(bits)) == {0.0, 1.0}
    p = expit(MU[0])
    assert (abs(bits.mean(axis=0) - p) < 4 * np.sqrt(p * (1 - p) / rows)).all()


def test_expectations_are_means_and_probabilities(
    make_vae: Any, evaluate: Callable[..., Any]
) -> None:
    params = (pt.constant(MU), pt.constant(LOG_SIGMA))
    gaussian = make_vae(DiagonalGaussian).conditional.conditional_expectation(params)
    bernoulli = make_vae().conditional.conditional_expectation(params[:1])
    np.testing.assert_allclose(evaluate(gaussian), MU)
    np.testing.assert_allclose(evaluate(bernoulli), expit(MU), rtol=1e-12)


def test_a_bernoulli_vector_can_not_be_drawn_through_noise(make_vae: Any) -> None:
    part = make_vae().conditional
    with pytest.raises(ValueError, match="no smooth function"):
        part.sample_from_conditional((pt.constant(MU),), epsilon=pt.constant(DRAWS))
    with pytest.raises(ValueError, match="needs epsilon or num_samples"):
        part.sample_from_conditional((pt.constant(MU),))
    with pytest.raises(NotImplementedError, match="BernoulliVector does not implement sample_from"):
        part.sample_from_epsilon((2, 5))


def test_the_formula_is_found_for_the_classes_that_it_is_for() -> None:
    def part(cls: Any) -> Any:
        from pylearn2core.models.mlp import MLP, Linear

        return cls(MLP([Linear(dim=2, layer_name="h", irange=0.1)]), "posterior")

    found = find_integrator_for(DiagonalGaussianPrior(), part(DiagonalGaussian))
    assert isinstance(found, DiagonalGaussianPriorPosteriorKL)
    assert find_integrator_for(DiagonalGaussianPrior(), part(BernoulliVector)) is None
    assert find_integrator_for(Prior(), part(DiagonalGaussian)) is None


def test_a_formula_for_other_classes_is_refused(make_vae: Any) -> None:
    class Other(DiagonalGaussianPrior):
        pass

    class ForOther(DiagonalGaussianPriorPosteriorKL):
        prior_class = Other

    with pytest.raises(ConfigError, match="ForOther is for a Other and a posterior Diagonal"):
        make_vae(kl_integrator=ForOther())
    assert make_vae(kl_integrator=ForOther(), prior=Other()).nhid == 2
    with pytest.raises(ConfigError, match="KLIntegrator must set prior_class and posterior_class"):
        make_vae(kl_integrator=KLIntegrator())
