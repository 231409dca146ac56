"""The Gaussian process, against scikit-learn's and against numbers of high precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from sweeper.spec.search.process import fitted, given, log_improvement

RNG = np.random.default_rng(0)
POINTS, NEW = RNG.random((12, 3)), RNG.random((5, 3))
SCORES = np.sin(5 * POINTS[:, 0]) + POINTS[:, 1] ** 2
SCORES = (SCORES - SCORES.mean()) / SCORES.std()
LENGTHS = np.array([0.4, 0.8, 1.5])


def theirs(points, scores):
    kernel = Matern(length_scale=LENGTHS, nu=2.5)
    model = GaussianProcessRegressor(kernel, alpha=1e-3 + 1e-9, optimizer=None)
    return model.fit(points, scores)


def test_it_expects_what_scikit_learn_s_does():
    mean, deviation = given(POINTS, SCORES, LENGTHS, 1e-3).at(NEW)
    their_mean, their_deviation = theirs(POINTS, SCORES).predict(NEW, return_std=True)
    assert mean == pytest.approx(their_mean, rel=1e-9)
    assert deviation == pytest.approx(their_deviation, rel=1e-6)


def test_a_fantasy_is_a_score_that_it_expects_itself():
    process = given(POINTS, SCORES, LENGTHS, 1e-3)
    there, _ = process.at(NEW[:2])
    model = theirs(np.vstack([POINTS, NEW[:2]]), np.append(SCORES, there))
    mean, deviation = process.with_fantasy(NEW[:2]).at(NEW)
    their_mean, their_deviation = model.predict(NEW, return_std=True)
    assert mean == pytest.approx(their_mean, rel=1e-8)
    assert deviation == pytest.approx(their_deviation, rel=1e-5)


def test_what_is_fitted_is_likelier_than_where_it_began():
    process = fitted(POINTS, SCORES)
    kernel = Matern(length_scale=process.lengths, nu=2.5)
    found = GaussianProcessRegressor(kernel, alpha=process.noise + 1e-9, optimizer=None)
    begun = GaussianProcessRegressor(Matern([0.5] * 3, nu=2.5), alpha=1e-3, optimizer=None)
    likelihoods = [one.fit(POINTS, SCORES).log_marginal_likelihood() for one in (found, begun)]
    assert likelihoods[0] > likelihoods[1]
    assert process.lengths[2] > process.lengths[0], "the third axis does not matter"


@pytest.mark.parametrize("z", [3.0, 0.5, -0.5, -0.999, -1.001, -3.0, -7.0])
def test_the_improvement_is_the_integral_that_it_stands_for(z):
    deviation, best = 0.3, 1.0
    mean = best - z * deviation

    def gain(y):
        return (best - y) * norm.pdf(y, mean, deviation)

    expected, _ = quad(gain, mean - 40 * deviation, best, points=[best - 0.1], epsabs=0)
    found = log_improvement(np.array([mean]), np.array([deviation]), best)
    assert found == pytest.approx(np.log(expected), rel=1e-6)


def test_the_improvement_far_away_is_finite_and_falls():
    means = np.array([10.0, 1e3, 1e5, 1e7])
    found = log_improvement(means, np.ones(4), 0.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()
