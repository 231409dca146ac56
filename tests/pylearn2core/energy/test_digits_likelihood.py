"""An RBM of digits by PCD, beside scikit-learn's after as many updates, both measured exactly."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM

from pylearn2core.costs.ebm_estimation import SML
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.models.rbm import RBM
from pylearn2core.models.rbm.ais import estimate_log_partition, log_likelihood
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD

HIDDEN, BATCH, RATE, EPOCHS = 12, 50, 0.05, 100  # few hidden units can be summed out
SEEDS = range(3)
X = (Digits("train").get_design_matrix() >= 0.5).astype(float)


def first_weights(seed: int) -> np.ndarray:
    """As scikit-learn draws them."""
    return np.random.RandomState(seed).normal(0, 0.01, (HIDDEN, 64)).T


def ours(seed: int) -> RBM:
    model = RBM(nvis=64, nhid=HIDDEN)
    model.set_param_values([first_weights(seed), np.zeros(64), np.zeros(HIDDEN)])
    algorithm = SGD(
        learning_rate=RATE,
        batch_size=BATCH,
        cost=SML(batch_size=BATCH, nsteps=1, seed=seed),
        train_iteration_mode="sequential",
        termination_criterion=EpochCounter(EPOCHS),
    )
    for _ in Train(DenseDesignMatrix(X=X), model, algorithm):
        pass
    return model


def scikit_learns(seed: int) -> RBM:
    other = BernoulliRBM(
        HIDDEN, learning_rate=RATE, batch_size=BATCH, n_iter=EPOCHS, random_state=seed
    )
    other.fit(X)
    model = RBM(nvis=64, nhid=HIDDEN)
    model.set_param_values([other.components_.T, other.intercept_visible_, other.intercept_hidden_])
    return model


def exact_log_partition(model: RBM) -> float:
    W, b, c = model.get_param_values()
    h = (np.arange(2**HIDDEN)[:, None] >> np.arange(HIDDEN)) & 1
    return float(np.logaddexp.reduce(h @ c + np.logaddexp(0, b + h @ W.T).sum(axis=1)))


def likelihood(model: RBM) -> float:
    """Mean over the digits, in nats, by AIS; which must be right."""
    found = estimate_log_partition(model, chains=200, temperatures=2000, data=X)
    assert found.log_partition == pytest.approx(exact_log_partition(model), abs=0.1)
    return float(log_likelihood(model, X, found.log_partition).mean())


def independent_pixels() -> float:
    """Mean log-likelihood of the best model without hidden units, in nats."""
    p = np.clip(X.mean(axis=0), 1e-9, 1 - 1e-9)
    return float((X * np.log(p) + (1 - X) * np.log(1 - p)).sum(axis=1).mean())


def test_pcd_reaches_scikit_learns_log_likelihood() -> None:
    mine, theirs = ([likelihood(fit(seed)) for seed in SEEDS] for fit in (ours, scikit_learns))
    # It has learnt what the pixels have to do with one another.
    assert min(mine) > independent_pixels() + 1
    scatter = np.hypot(np.std(mine, ddof=1), np.std(theirs, ddof=1)) / np.sqrt(len(SEEDS))
    assert np.mean(mine) >= np.mean(theirs) - 2 * scatter
