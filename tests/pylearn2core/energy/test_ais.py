"""Annealed importance sampling against partition functions that are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.energy_functions.rbm_energy import grbm_type_1, grbm_type_2
from pylearn2core.errors import ConfigError
from pylearn2core.models.rbm import GaussianBinaryRBM
from pylearn2core.models.rbm.ais import estimate_log_partition, log_likelihood


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_ais_agrees_with_the_enumerated_partition_function(make_pair: Any, scale: float) -> None:
    pair = make_pair(nvis=8, nhid=6, scale=scale)
    found = estimate_log_partition(pair.model, chains=200, temperatures=1000)
    assert found.log_partition == pytest.approx(pair.exact.log_partition(), abs=0.1)
    assert found.standard_error < 0.05


def test_starting_from_the_datas_means_changes_nothing_but_the_way(make_pair: Any) -> None:
    pair = make_pair(nvis=8, nhid=6)
    X = pair.exact.v[::3]
    for data in (X, DenseDesignMatrix(X=X)):
        found = estimate_log_partition(pair.model, chains=200, temperatures=500, data=data)
        assert found.log_partition == pytest.approx(pair.exact.log_partition(), abs=0.1)


def test_log_likelihood_is_that_of_the_enumerated_distribution(make_pair: Any) -> None:
    pair = make_pair(nvis=5, nhid=3)
    found = log_likelihood(pair.model, pair.exact.v, pair.exact.log_partition())
    np.testing.assert_allclose(found, np.log(pair.exact.p_v()), rtol=1e-8)


def gaussian_log_partition(kind: int, W: Any, b: Any, c: Any, sigma: Any) -> float:
    """By completing the square for each of the hidden states."""
    total = []
    for state in range(2 ** len(c)):
        h = np.array([(state >> place) & 1 for place in range(len(c))], dtype=float)
        if kind == 1:
            mean = b + W @ h
            exponent = (0.5 * mean @ mean + c @ h) / sigma**2
        else:
            drive = W @ h
            exponent = c @ h + 0.5 * drive @ drive + (b / sigma) @ drive
        total.append(exponent)
    width = 0.5 * len(b) * math.log(2 * math.pi) + np.log(sigma * np.ones(len(b))).sum()
    return float(np.logaddexp.reduce(total) + width)


@pytest.mark.parametrize("kind", [1, 2])
def test_ais_knows_the_normaliser_of_a_gaussian_rbm(kind: int) -> None:
    rng = np.random.RandomState(3)
    W, b, c = rng.uniform(-0.5, 0.5, (5, 4)), rng.randn(5), rng.randn(4)
    sigma = np.array(0.7) if kind == 1 else rng.uniform(0.5, 1.5, 5)
    energy = grbm_type_1() if kind == 1 else grbm_type_2()
    # mean_vis is a matter of training's chains: AIS has to draw.
    model = GaussianBinaryRBM(energy, nvis=5, nhid=4, init_sigma=sigma, mean_vis=True)
    model.set_param_values([W, b, c])
    found = estimate_log_partition(model, chains=300, temperatures=1000, data=rng.randn(50, 5))
    expected = gaussian_log_partition(kind, W, b, c, sigma)
    assert found.log_partition == pytest.approx(expected, abs=0.1)
    assert found.standard_error < 0.05


def test_more_temperatures_make_the_weights_more_alike(make_pair: Any) -> None:
    pair = make_pair(nvis=8, nhid=6, scale=2.0)
    few, many = (
        estimate_log_partition(pair.model, chains=200, temperatures=n).standard_error
        for n in (5, 500)
    )
    assert many < few / 3


def test_bounds_hold_the_true_value(make_pair: Any) -> None:
    pair = make_pair(nvis=8, nhid=6)
    found = estimate_log_partition(pair.model, chains=50, temperatures=50)
    low, high = found.bounds
    assert low < found.log_partition < high
    assert low < pair.exact.log_partition() < high


@pytest.mark.parametrize("wrong", [1, [0.0, 0.5], [0.0, 0.7, 0.5, 1.0]])
def test_a_ladder_that_does_not_reach_the_model_is_refused(pair: Any, wrong: Any) -> None:
    with pytest.raises(ConfigError, match="temperatures: expected"):
        estimate_log_partition(pair.model, temperatures=wrong)
