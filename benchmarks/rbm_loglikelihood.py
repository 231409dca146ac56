"""Log-likelihood of an RBM trained by PCD on digits, beside scikit-learn's BernoulliRBM.

    .venv/bin/python benchmarks/rbm_loglikelihood.py [--epochs 100] [--hidden 64] [--seeds 3]

Both learn binary digits (1,000 of 8 x 8) from the same first weights, by as many updates of the
same batches, with as many persistent chains and the same learning rate. Both are measured by the
same annealed importance sampling; with few hidden units (16 or fewer) by enumeration too.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.neural_network import BernoulliRBM

from pylearn2core.costs.ebm_estimation import SML
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.models.rbm import RBM
from pylearn2core.models.rbm.ais import estimate_log_partition, log_likelihood
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD

FEW = 16
BATCH = 50
RATE = 0.05


def digits(which_set: str) -> Any:
    """Binary images, shape (n, 64)."""
    return (Digits(which_set).get_design_matrix() >= 0.5).astype(float)


def first_weights(hidden: int, seed: int) -> Any:
    """As scikit-learn draws them, shape (64, hidden)."""
    return np.random.RandomState(seed).normal(0, 0.01, (hidden, 64)).T


def model_of(weights: Any, visible: Any, hidden: Any) -> RBM:
    model = RBM(nvis=64, nhid=len(hidden))
    model.set_param_values([weights, visible, hidden])
    return model


def ours(X: Any, hidden: int, epochs: int, seed: int) -> RBM:
    model = model_of(first_weights(hidden, seed), np.zeros(64), np.zeros(hidden))
    algorithm = SGD(
        learning_rate=RATE,
        batch_size=BATCH,
        cost=SML(batch_size=BATCH, nsteps=1, seed=seed),
        train_iteration_mode="sequential",
        termination_criterion=EpochCounter(epochs),
    )
    for _ in Train(DenseDesignMatrix(X=X), model, algorithm):
        pass
    return model


def scikit_learns(X: Any, hidden: int, epochs: int, seed: int) -> RBM:
    other = BernoulliRBM(
        hidden, learning_rate=RATE, batch_size=BATCH, n_iter=epochs, random_state=seed
    ).fit(X)
    return model_of(other.components_.T, other.intercept_visible_, other.intercept_hidden_)


def exact_log_partition(model: RBM) -> float:
    """The sum over all hidden states, of which there must be few."""
    W, b, c = (np.asarray(value, dtype=float) for value in model.get_param_values())
    states = (np.arange(2 ** len(c))[:, None] >> np.arange(len(c))) & 1
    return float(np.logaddexp.reduce(states @ c + np.logaddexp(0, b + states @ W.T).sum(axis=1)))


def measured(model: RBM, train: Any, unseen: Any) -> tuple[float, ...]:
    """Mean log-likelihood of train and unseen in nats, AIS's error of it, AIS minus the truth."""
    found = estimate_log_partition(model, chains=200, temperatures=5000, data=train)
    exact = exact_log_partition(model) if model.nhid <= FEW else float("nan")  # type: ignore[operator]
    likelihoods = [log_likelihood(model, X, found.log_partition).mean() for X in (train, unseen)]
    return (*likelihoods, found.standard_error, found.log_partition - exact)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    train, unseen = digits("train"), digits("valid")
    print(
        f"{options.hidden} hidden units, {options.epochs * len(train) // BATCH} updates of {BATCH}"
    )
    for name, fit in (("pylearn2core, SML", ours), ("scikit-learn", scikit_learns)):
        rows, began = [], time.monotonic()
        models = [fit(train, options.hidden, options.epochs, seed) for seed in range(options.seeds)]
        took = (time.monotonic() - began) / options.seeds
        rows = np.array([measured(model, train, unseen) for model in models])
        spread = rows.std(axis=0, ddof=1) if options.seeds > 1 else np.zeros(4)
        print(
            f"{name:18} train {rows[:, 0].mean():8.2f} +- {spread[0]:.2f}   "
            f"unseen {rows[:, 1].mean():8.2f} +- {spread[1]:.2f} nats   "
            f"AIS error {rows[:, 2].mean():.3f}, off the truth {abs(rows[:, 3]).max():.3f}   "
            f"{took:.1f} s"
        )


if __name__ == "__main__":
    main()
