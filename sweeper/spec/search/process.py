"""A Gaussian process: what a search may expect at a point that it has not tried."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.special import erfcx, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

_ROOT5 = math.sqrt(5.0)
# Of the logarithms of the length of each axis, of the noise: where they are looked for.
_LENGTHS, _NOISES = (math.log(0.02), math.log(4.0)), (math.log(1e-6), math.log(0.3))


@dataclass(frozen=True, slots=True)
class Process:
    """A process with a Matern 5/2 kernel, given what it has seen.

    points: shape (n, axes), in the unit cube.    lengths: shape (axes,).
    factor: lower Cholesky factor of the kernel of the points, with noise; weights: its solution
    for the scores, which have mean 0 and deviation 1.
    """

    points: Array
    scores: Array
    lengths: Array
    noise: float
    factor: Array
    weights: Array

    def at(self, points: Array) -> tuple[Array, Array]:
        """Mean and standard deviation at some points, each of shape (points,)."""
        across = matern(points, self.points, self.lengths)
        mean = across @ self.weights
        left = solve_triangular(self.factor, across.T, lower=True)
        return mean, np.sqrt(np.maximum(1.0 - (left**2).sum(axis=0), 1e-12))

    def with_fantasy(self, points: Array) -> Process:
        """The process that saw at these points what it expects there."""
        mean, _ = self.at(points)
        points, scores = np.vstack([self.points, points]), np.append(self.scores, mean)
        return given(points, scores, self.lengths, self.noise)


def matern(a: Array, b: Array, lengths: Array) -> Array:
    """The Matern 5/2 kernel of points, shape (len(a), len(b)).

    Source: Rasmussen and Williams 2006, eq. 4.17.
    """
    squares = ((a[:, None, :] - b[None, :, :]) / lengths) ** 2
    distance = _ROOT5 * np.sqrt(squares.sum(axis=2))
    kernel: Array = (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
    return kernel


def given(points: Array, scores: Array, lengths: Array, noise: float) -> Process:
    """The process of these settings that has seen these scores."""
    kernel = matern(points, points, lengths) + (noise + 1e-9) * np.eye(len(points))
    factor, _ = cho_factor(kernel, lower=True)
    factor = np.tril(factor)
    weights = cho_solve((factor, True), scores)
    return Process(points, scores, lengths, noise, factor, weights)


def fitted(points: Array, scores: Array) -> Process:
    """The process whose settings make the scores likeliest, with a mild prior on its lengths."""
    axes = points.shape[1]

    def loss(settings: Array) -> float:
        process = given(points, scores, np.exp(settings[:axes]), math.exp(settings[axes]))
        log_det = 2.0 * np.log(np.diag(process.factor)).sum()
        fit = float(scores @ process.weights) + log_det
        prior = ((settings[:axes] - math.log(0.5)) ** 2).sum()
        return 0.5 * float(fit) + 0.5 * float(prior)

    begin = np.append(np.full(axes, math.log(0.5)), math.log(1e-3))
    bounds = [*[_LENGTHS] * axes, _NOISES]
    found: Any = minimize(loss, begin, bounds=bounds, method="L-BFGS-B", options={"maxiter": 30})
    return given(points, scores, np.exp(found.x[:axes]), math.exp(found.x[axes]))


def log_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """The logarithm of the expected improvement below `best`, exact also where that is tiny.

    Source: Ament et al. 2023, "Unexpected improvements to expected improvement", eq. 9.
    """
    z = (best - mean) / deviation
    log_pdf = -0.5 * z**2 - 0.5 * math.log(2.0 * math.pi)
    near = np.maximum(z, -1.0)
    direct = np.log(np.exp(-0.5 * near**2) / math.sqrt(2.0 * math.pi) + near * ndtr(near))
    far = np.clip(z, -1e6, -1.0)
    mills = np.log(-far * erfcx(-far / math.sqrt(2.0))) + 0.5 * math.log(0.5 * math.pi)
    tail = log_pdf + np.where(z > -1e6, np.log(-np.expm1(mills)), -2.0 * np.log(np.maximum(-z, 1)))
    result: Array = np.log(deviation) + np.where(z > -1.0, direct, tail)
    return result
