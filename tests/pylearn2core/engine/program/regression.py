"""Least squares: what a program must do, in NumPy and as a graph."""

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.engine import Order, Step

ROWS, WIDTH = 23, 3


def data(seed=0):
    rng = np.random.RandomState(seed)
    return rng.randn(ROWS, WIDTH), rng.randn(ROWS, 1)


class Regression:
    """Least squares with momentum: what the program must do, in NumPy."""

    def __init__(self, rate=0.1, decay=0.01):
        self.rate, self.decay = rate, decay
        self.weights = np.linspace(-1, 1, WIDTH)[:, None]
        self.velocity = np.zeros_like(self.weights)

    def step(self, x, y):
        grad = 2 * x.T @ (x @ self.weights - y) / len(x) + 2 * self.decay * self.weights
        self.velocity = 0.9 * self.velocity - self.rate * grad
        self.weights = self.weights + self.velocity

    def cost(self, x, y):
        return ((x @ self.weights - y) ** 2).mean() + self.decay * (self.weights**2).sum()

    def graph(self, wrap=lambda variable: variable):
        weights = pytensor.shared(self.weights.copy(), name="W")
        velocity = pytensor.shared(self.velocity.copy(), name="v")
        rate = pytensor.shared(np.float64(self.rate))
        x, y = pt.matrix("x"), pt.matrix("y")
        cost = ((wrap(x) @ weights - y) ** 2).mean() + self.decay * (weights**2).sum()
        new = 0.9 * velocity - rate * pytensor.grad(cost, weights)
        updates = {weights: weights + new, velocity: new}
        return Step(((x,), (y,)), updates, (cost,)), weights, rate


def on_device(arrays):
    return tuple(jax.device_put(array) for array in arrays)


def slices(*sizes):
    ends = np.cumsum(sizes)
    return Order.of([slice(end - size, end) for size, end in zip(sizes, ends, strict=True)], ROWS)
