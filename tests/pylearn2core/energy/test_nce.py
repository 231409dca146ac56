"""Noise contrastive estimation, and the noises' own densities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytensor
import pytest
from scipy import optimize, stats

from pylearn2core.costs.ebm_estimation import NCE, BernoulliNoise, GaussianNoise
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.models.mnd import DiagonalMND
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD, ExponentialDecay
from pylearn2core.utils import sharedX

MEAN, STDEV = np.array([1.0, -0.5]), np.array([0.5, 1.5])
# log of the integral of exp(-sum (x - mean)^2 / (2 stdev^2)), the normaliser that is to be found.
NORMALISER = math.log(2 * math.pi) + np.log(STDEV).sum()
ROWS = 4000


def compute(*outputs: Any) -> list[Any]:
    values: list[Any] = pytensor.function([], list(outputs), mode="FAST_COMPILE")()
    return values


def gaussian() -> DiagonalMND:
    """A model whose parameters are the truth already."""
    model = DiagonalMND(2, init_beta=1.0, init_mu=0.0, min_beta=0.01, max_beta=100)
    model.set_param_values([MEAN, 1 / STDEV**2])
    return model


def rows() -> np.ndarray:
    return MEAN + STDEV * np.random.RandomState(0).randn(ROWS, 2)


def wide() -> GaussianNoise:
    return GaussianNoise(mean=[0.0, 0.0], stdev=[1.5, 2.0])


@pytest.mark.parametrize("ratio", [1, 4])
def test_the_optimum_is_the_normaliser_of_a_known_gaussian(ratio: int) -> None:
    cost = NCE(wide(), noise_per_clean=ratio, init_log_partition=0.0)
    model, X = gaussian(), rows()
    noise = np.array([1.5, 2.0]) * np.random.RandomState(1).randn(ratio * ROWS, 2)
    objective = cost.expr(model, sharedX(X), noisy_data=sharedX(noise))
    value = pytensor.function([], objective, mode="FAST_COMPILE")

    def at(log_partition: float) -> float:
        cost.log_partition.set_value(log_partition)
        return float(value())

    found = optimize.minimize_scalar(at, bracket=(0.0, 3.0), tol=1e-6).x
    assert found == pytest.approx(NORMALISER, abs=0.05)


def test_training_finds_the_gaussian_and_its_normaliser_together() -> None:
    X = rows()
    cost = NCE(wide(), noise_per_clean=5, init_log_partition=0.0)
    model = DiagonalMND(2, init_beta=1.0, init_mu=0.0, min_beta=0.01, max_beta=100)
    data = DenseDesignMatrix(X=X)
    algorithm = SGD(
        learning_rate=0.5,
        batch_size=100,
        cost=cost,
        monitoring_dataset=data,
        update_callbacks=ExponentialDecay(decay_factor=1.003, min_lr=0.005),
        termination_criterion=EpochCounter(40),
    )
    *_, last = Train(data, model, algorithm)
    mu, beta = (np.asarray(value) for value in model.get_param_values())
    np.testing.assert_allclose(mu, X.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(1 / np.sqrt(beta), X.std(axis=0), rtol=0.05)
    assert last["log_partition"] == pytest.approx(NORMALISER, abs=0.1)
    assert last["log_partition"] == float(cost.log_partition.get_value())


def test_the_value_is_that_of_a_logistic_regression_on_the_log_ratios() -> None:
    cost = NCE(wide(), noise_per_clean=1, init_log_partition=0.7)
    model = gaussian()
    X, Y = rows()[:50], 2 * np.random.RandomState(2).randn(50, 2)

    def ratio(points: np.ndarray) -> np.ndarray:
        ours = -((points - MEAN) ** 2 / (2 * STDEV**2)).sum(axis=1) - 0.7
        return ours - stats.norm.logpdf(points, 0, [1.5, 2.0]).sum(axis=1)

    expected = np.log1p(np.exp(-ratio(X))).mean() + np.log1p(np.exp(ratio(Y))).mean()
    found = compute(cost.expr(model, sharedX(X), noisy_data=sharedX(Y)), cost.h(sharedX(X), model))
    assert found[0] == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(found[1], 1 / (1 + np.exp(-ratio(X))), rtol=1e-10)


def test_a_model_with_log_prob_needs_no_normaliser() -> None:
    model = gaussian()
    model.log_prob = model.log_likelihood
    cost = NCE(wide(), noise_per_clean=1)
    grads, _ = cost.get_gradients(model, sharedX(rows()))
    assert list(grads) == model.get_params()
    assert cost.log_partition is None


def test_log_partition_starts_where_the_model_seems_as_likely_as_the_noise() -> None:
    # A model that is the noise itself but for the normaliser: it starts at the right one.
    model, noise = gaussian(), GaussianNoise(mean=MEAN, stdev=STDEV)
    grads, _ = (cost := NCE(noise, noise_per_clean=1)).get_gradients(model, sharedX(rows()))
    assert list(grads) == [*model.get_params(), cost.log_partition]
    assert float(cost.log_partition.get_value()) == pytest.approx(NORMALISER, rel=1e-10)


def test_an_rbm_of_binary_units_is_told_from_coins(pair: Any) -> None:
    chances = pair.exact.p_v()
    X = pair.exact.v[np.random.RandomState(0).choice(len(chances), size=ROWS, p=chances)]
    cost = NCE(BernoulliNoise(p=[0.5] * 3), noise_per_clean=10, init_log_partition=0.0)
    noise = sharedX(pair.exact.v[np.random.RandomState(1).randint(len(chances), size=10 * ROWS)])
    grads, _ = cost.get_gradients(pair.model, sharedX(X), noisy_data=noise)
    cost.log_partition.set_value(pair.exact.log_partition())
    # At the truth every gradient is 0 but for the samples' scatter.
    for grad in compute(*grads.values()):
        assert abs(grad).max() < 0.03
    cost.log_partition.set_value(pair.exact.log_partition() + 1)
    assert abs(compute(grads[cost.log_partition])[0]) > 0.1


def test_gaussian_noise_has_the_density_that_it_draws_from() -> None:
    noise = GaussianNoise(mean=MEAN, stdev=STDEV)
    points = np.random.RandomState(0).randn(6, 2)
    drawn, density = compute(noise.random_design_matrix(20000), noise.log_prob(sharedX(points)))
    expected = stats.norm.logpdf(points, MEAN, STDEV).sum(axis=1)
    np.testing.assert_allclose(density, expected, rtol=1e-10)
    np.testing.assert_allclose(drawn.mean(axis=0), MEAN, atol=4 * STDEV.max() / np.sqrt(20000))
    np.testing.assert_allclose(drawn.std(axis=0), STDEV, rtol=0.03)


def test_bernoulli_noise_has_the_density_that_it_draws_from() -> None:
    p = np.array([0.2, 0.9])
    noise = BernoulliNoise(p=p)
    points = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    drawn, density = compute(noise.random_design_matrix(20000), noise.log_prob(sharedX(points)))
    np.testing.assert_allclose(density, stats.bernoulli.logpmf(points, p).sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(drawn.mean(axis=0), p, atol=4 * 0.5 / np.sqrt(20000))


def test_noise_takes_its_numbers_from_a_dataset() -> None:
    X = rows()
    noise = GaussianNoise(dataset=DenseDesignMatrix(X=X), spread=2.0)
    np.testing.assert_allclose(noise.stdev.get_value(), 2 * X.std(axis=0))
    coins = BernoulliNoise(dataset=DenseDesignMatrix(X=(X > 0).astype(float)))
    np.testing.assert_allclose(coins.p.get_value(), 0.01 + 0.98 * (X > 0).mean(axis=0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(mean=[0.0]), "give a dataset, or mean and stdev"),
        (lambda: GaussianNoise(mean=[0.0], stdev=[0.0]), "no deviation 0"),
        (BernoulliNoise, "give a dataset, or p"),
        (lambda: BernoulliNoise(p=[0.0, 0.5]), r"numbers in \(0, 1\)"),
        (lambda: NCE(wide(), noise_per_clean=0), "noise_per_clean: expected 1 or more"),
        (lambda: NCE(wide(), noise_per_clean=1.5), "noise_per_clean: expected an integer"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_noise_is_drawn_anew_for_every_batch() -> None:
    draw = pytensor.function([], wide().random_design_matrix(3), mode="FAST_COMPILE")
    assert (draw() != draw()).all()
