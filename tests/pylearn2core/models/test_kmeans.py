from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.datasets import load_digits

from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.models.kmeans import KMeans

DIGITS = load_digits().data[:1000] / 16.0


def dataset(X: Any) -> Any:
    return SimpleNamespace(get_design_matrix=lambda: X)


def test_the_centres_are_those_of_pylearn2() -> None:
    # Source of the figures: Pylearn2 af81e5c, numpy.random.seed(1234), the digits' first 1,000.
    np.random.seed(1234)
    model = KMeans(k=10, nvis=64)
    model.train_all(dataset(DIGITS))
    mu = model.mu.get_value()
    distances = ((DIGITS[:, None, :] - mu[None]) ** 2).sum(axis=2)
    assert distances.min(axis=1).mean() == pytest.approx(2.4712154694429396, rel=1e-12)
    counts = np.bincount(distances.argmin(axis=1), minlength=10).tolist()
    assert counts == [100, 70, 95, 85, 75, 109, 99, 63, 104, 200]


def test_from_given_centres_it_agrees_with_scikit_learn() -> None:
    start = DIGITS[:5]
    model = KMeans(k=5, nvis=64, convergence_th=0.0)
    model.train_all(dataset(DIGITS), mu=start)
    other = SklearnKMeans(5, init=start, n_init=1, tol=0.0, algorithm="lloyd").fit(DIGITS)
    np.testing.assert_allclose(model.mu.get_value(), other.cluster_centers_, atol=1e-12)


def test_untrained_it_wants_to_learn_and_trained_it_does_not() -> None:
    model = KMeans(k=2, nvis=64)
    assert model.continue_learning()
    assert model.get_params() == []
    model.train_all(dataset(DIGITS[:50]))
    assert not model.continue_learning()
    assert [param.name for param in model.get_params()] == ["mu"]
    assert model.get_weights_format() == ("h", "v")


def test_max_iter_bounds_the_passes() -> None:
    model = KMeans(k=2, nvis=1, max_iter=1)
    X = np.arange(8.0)[:, None]
    model.train_all(dataset(X), mu=[[0.0], [1.0]])
    np.testing.assert_allclose(model.mu.get_value(), [[0.0], [4.0]])


def test_a_centre_without_examples_moves_to_the_farthest_one() -> None:
    X = np.array([[0.0], [1.0], [2.0], [9.0]])
    model = KMeans(k=3, nvis=1)
    model.train_all(dataset(X), mu=[[1.0], [50.0], [60.0]])
    # All belong to the first; the others move to 9 and 0; then 0 and 1 are nearest to 0.
    np.testing.assert_allclose(model.mu.get_value(), [[2.0], [9.0], [0.5]])


@pytest.mark.parametrize(
    ("X", "mu", "error", "message"),
    [
        (np.zeros((3, 2)), None, ConfigError, "nvis is 1, the data has 2"),
        (np.array([[np.nan]]), None, NonFiniteError, "NaN or infinite"),
        (np.zeros((3, 1)), [[1.0]], ConfigError, r"mu must have shape \(2, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(X: Any, mu: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        KMeans(k=2, nvis=1).train_all(dataset(X), mu=mu)
    with pytest.raises(ConfigError, match="k must be 1 or more"):
        KMeans(k=0, nvis=1)
