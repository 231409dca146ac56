"""An RBM small enough to enumerate: every expectation about it, in NumPy."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pylearn2core.models.rbm import RBM


def states(units: int) -> np.ndarray:
    """All zeros-and-ones of so many units, shape (2^units, units)."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@dataclass(frozen=True)
class Enumerated:
    """A binary RBM: W of shape (nvis, nhid), visible biases b, hidden biases c."""

    W: np.ndarray
    b: np.ndarray
    c: np.ndarray

    @property
    def v(self) -> np.ndarray:
        return states(len(self.b))

    @property
    def h(self) -> np.ndarray:
        return states(len(self.c))

    def energies(self) -> np.ndarray:
        """E(v, h) for all pairs, shape (2^nvis, 2^nhid)."""
        return -(self.v @ self.b)[:, None] - (self.h @ self.c)[None, :] - self.v @ self.W @ self.h.T

    def log_partition(self) -> float:
        return float(np.log(np.exp(-self.energies()).sum()))

    def p_v(self) -> np.ndarray:
        return np.exp(-self.energies()).sum(axis=1) / np.exp(self.log_partition())

    def transition(self) -> np.ndarray:
        """P[v, v']: the chance of one Gibbs step from v to v'."""

        def chances(p: np.ndarray, to: np.ndarray) -> np.ndarray:
            return np.prod(np.where(to[None] == 1, p[:, None, :], 1 - p[:, None, :]), axis=2)

        there = chances(sigmoid(self.v @ self.W + self.c), self.h)
        return there @ chances(sigmoid(self.h @ self.W.T + self.b), self.v)

    def statistics(self, weights: np.ndarray) -> list[np.ndarray]:
        """Minus the mean of d free energy / d (W, b, c) over states v of these weights."""
        p = sigmoid(self.v @ self.W + self.c)
        return [self.v.T @ (p * weights[:, None]), self.v.T @ weights, p.T @ weights]

    def gradients(self, data: np.ndarray, model: np.ndarray) -> list[np.ndarray]:
        """Mean over `model` minus mean over `data`, both weights of the states v."""
        pairs = zip(self.statistics(model), self.statistics(data), strict=True)
        return [there - here for there, here in pairs]

    def weights_of(self, rows: np.ndarray) -> np.ndarray:
        """How much of `rows` each state v is."""
        return np.array([(rows == v).all(axis=1).mean() for v in self.v])


def small(nvis: int = 3, nhid: int = 2, scale: float = 1.0) -> Any:
    """(model, the same one enumerated)."""
    rng = np.random.RandomState(5)
    exact = Enumerated(*(scale * rng.randn(*shape) for shape in [(nvis, nhid), (nvis,), (nhid,)]))
    model = RBM(nvis=nvis, nhid=nhid)
    model.set_param_values([exact.W, exact.b, exact.c])
    return SimpleNamespace(model=model, exact=exact)


@pytest.fixture
def pair() -> Any:
    return small()


@pytest.fixture
def make_pair() -> Any:
    return small


@pytest.fixture
def enumerated() -> Any:
    return Enumerated
