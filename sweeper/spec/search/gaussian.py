"""Bayesian optimisation by a Gaussian process."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import qmc
from threadpoolctl import ThreadpoolController

from sweeper.spec.distributions import Choice
from sweeper.spec.search.drawn import Random
from sweeper.spec.search.process import fitted, log_improvement

if TYPE_CHECKING:
    from sweeper.records import Value
    from sweeper.spec.search.process import Array
    from sweeper.spec.search.sampler import Question, Tried
    from sweeper.spec.search.space import Axis, Point, Space

DRAWN = 10  # points that are drawn before the first that is thought of
EVEN, NEAR = 1024, 256  # candidates all over the space, and around the best points
BEST, WIDTH = 4, 0.05  # how many best points, and how far around them
MOST = 150  # points that a process is fitted to: the time grows with their cube


class Gp:
    """Where a Gaussian process expects most to be gained below the best point.

    What is pending, and what was proposed in this batch, has the score that the process expects
    there. A choice is as many coordinates as it has values.
    """

    def points(self, question: Question) -> Iterator[Point]:
        """As `Sampler.points`."""
        if len(question.ended) < DRAWN:
            yield from Random().points(question)
            return
        space, rng = question.space, np.random.default_rng(question.chance)
        ended = _known(question.ended)
        scores = _scores(ended)
        # On more threads a product may round otherwise, and the next batch would be another one.
        threads = ThreadpoolController()
        with threads.limit(limits=1):
            process = fitted(_inside(space, [one.point for one in ended]), scores)
            if question.pending:
                process = process.with_fantasy(_inside(space, question.pending))
        best = [ended[at].point for at in np.argsort(scores, kind="stable")[:BEST]]
        while True:
            found = _candidates(space, rng, best)
            inside = _inside(space, found)
            with threads.limit(limits=1):
                gains = log_improvement(*process.at(inside), float(scores.min()))
                at = int(np.argmax(gains))
                process = process.with_fantasy(inside[at : at + 1])
            yield found[at]


def _known(ended: Sequence[Tried]) -> Sequence[Tried]:
    """What a process is fitted to: all, or the best and the newest."""
    if len(ended) <= MOST:
        return ended
    by_score = sorted(range(len(ended)), key=lambda at: ended[at].score)
    best = set(by_score[: MOST // 2])
    newest = [at for at in range(len(ended)) if at not in best][-MOST // 2 :]
    return [ended[at] for at in sorted({*best, *newest})]


def _scores(ended: Sequence[Tried]) -> Array:
    """The scores, of mean 0 and deviation 1; what failed is as bad as the worst."""
    worst = max((one.score for one in ended if math.isfinite(one.score)), default=0.0)
    scores = np.array([min(one.score, worst) for one in ended])
    even: Array = (scores - scores.mean()) / max(float(scores.std()), 1e-12)
    return even


def _candidates(
    space: Space, rng: np.random.Generator, best: Sequence[Mapping[str, Value]]
) -> list[Point]:
    """Points of Sobol's sequence, and some near the best."""
    even = qmc.Sobol(len(space.axes), scramble=True, rng=rng).random(EVEN)
    units = [[axis.values.unit_of(one[axis.name]) for axis in space.axes] for one in best]
    near = np.array(units)[rng.integers(len(best), size=NEAR)]
    moves = rng.normal(scale=WIDTH, size=near.shape) * (rng.random(near.shape) < 0.5)
    return [_point(space, one) for one in (*even, *np.clip(near + moves, 0.0, 1.0))]


def _point(space: Space, units: Array) -> Point:
    point: Point = dict(space.constants)
    for axis, unit in zip(space.axes, units.tolist(), strict=True):
        point[axis.name] = axis.values.at(unit)
    return point


def _inside(space: Space, points: Sequence[Mapping[str, Value]]) -> Array:
    """Points as the process sees them, shape (points, coordinates)."""
    return np.array(
        [[x for axis in space.axes for x in _coordinates(axis, one[axis.name])] for one in points]
    )


def _coordinates(axis: Axis, value: Value) -> list[float]:
    """Where a value lies; two choices without an order lie as far from one another as any two."""
    if isinstance(axis.values, Choice) and not axis.values.is_ordered:
        index = axis.values.index(value)
        return [float(at == index) for at in range(axis.values.size)]
    return [axis.values.unit_of(value)]
