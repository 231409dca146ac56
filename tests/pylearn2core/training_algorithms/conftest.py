from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.models.mlp import MLP, Linear
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD


class Regression:
    """A linear regression by SGD, and the same by NumPy."""

    rows, batch, rate, epochs = 10, 2, 0.02, 3
    batches = rows // batch

    def __init__(self) -> None:
        self.X = np.random.RandomState(3).normal(size=(self.rows, 3))
        self.y = self.X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1
        self.dataset = DenseDesignMatrix(X=self.X, y=self.y)

    def model(self) -> MLP:
        return MLP(nvis=3, layers=[Linear(layer_name="y", dim=1, irange=0.5)])

    def algorithm(self, callbacks: Any = None) -> SGD:
        return SGD(
            learning_rate=self.rate,
            batch_size=self.batch,
            monitoring_dataset=self.dataset,
            update_callbacks=callbacks,
            termination_criterion=EpochCounter(self.epochs),
        )

    def trained(self, callbacks: Any = None, extensions: Any = ()) -> Train:
        train = Train(
            self.dataset, self.model(), self.algorithm(callbacks), extensions=list(extensions)
        )
        train.main_loop()
        return train

    def by_hand(self, rates: list[float]) -> list[tuple[Any, Any]]:
        """(W, b) after each batch, where each is trained with a rate of its own."""
        rng = np.random.RandomState([2013, 1, 4])
        W, b = rng.uniform(-0.5, 0.5, (3, 1)), np.zeros(1)
        order_rng = np.random.RandomState([2012, 10, 5])
        path = []
        for epoch in range(self.epochs):
            order = np.arange(self.rows)
            order_rng.shuffle(order)
            for batch in range(self.batches):
                rows = order[batch * self.batch : (batch + 1) * self.batch]
                X, y = self.X[rows], self.y[rows]
                error = 2.0 * (X @ W + b - y) / self.batch
                rate = rates[epoch * self.batches + batch]
                W, b = W - rate * X.T @ error, b - rate * error.sum(axis=0)
                path.append((W, b))
        return path


@pytest.fixture
def regression() -> Regression:
    return Regression()
