"""How far to go along a direction: the two line searches of batch gradient descent.

A search is a generator: it yields step sizes, is sent the objective there, and returns what it
settled on. The objective at a step size of 0 is given.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Search = Generator[float, float, "LineMinimum"]

_SHRINK, _GROW, _SPREAD = 3.0, 2.0, 1.5
# Neighbouring step sizes that differ by more than this factor are drawn together.
_WIDEST_GAP, _DRAWN = 5.0, 0.99
_MOST_POINTS = 10
_LEAST_GAIN = 0.01
_SMALLEST = 1e-20


@dataclass(frozen=True, slots=True)
class LineMinimum:
    """step: the best step size, 0 where none was better.    objective: there.

    steps: what the next search should try first.    converged: whether one would be in vain.
    """

    step: float
    objective: float
    steps: tuple[float, ...]
    converged: bool = False


def among(steps: Sequence[float], at_zero: float, *, floor: float) -> Search:
    """Try each of `steps`, which ascend; of equally good ones the largest is the best.

    floor: while no step or only the first helps, all shrink until the first is no more than this.
    """
    best, place = at_zero, -1
    for index, step in enumerate(steps):
        objective = yield step
        if objective <= best:
            best, place = objective, index
    new, converged = _next_steps(steps, place, floor)
    return LineMinimum(steps[place] if place >= 0 else 0.0, best, tuple(new), converged)


def _next_steps(steps: Sequence[float], place: int, floor: float) -> tuple[list[float], bool]:
    """The next steps to try after steps[place] was the best (none where -1); and convergence."""
    if place < 1 and steps[0] > floor:
        return [step / _SHRINK for step in steps], False
    if place == len(steps) - 1:
        return [step * _GROW for step in steps], False
    if place == -1:
        if steps[-1] > 1.0:
            return list(steps), True
        return [step * _SPREAD ** (index + 1) for index, step in enumerate(steps)], False
    if max(larger / smaller for smaller, larger in pairwise(steps)) > _WIDEST_GAP:
        return [step**_DRAWN * steps[place] ** (1.0 - _DRAWN) for step in steps], False
    return list(steps), False


def exhaustive(steps: Sequence[float], at_zero: float, *, least: float) -> Search:
    """Try `steps`, then go on around the best point until that hardly helps any more.

    least: the smallest pair of steps to begin the next search with is (least, 2 least).
    """
    points = [(0.0, at_zero)]
    for step in steps:
        objective = yield step
        points.append((step, _known(objective)))
    gain = 0.0
    while (new := _between(points)) >= _SMALLEST:
        before, gain_before = _best(points), gain
        n_before = len(points)
        objective = yield new
        points = sorted([*points, (new, _known(objective))])
        gain = before[1] - _known(objective)
        if 0.0 < gain < _LEAST_GAIN * gain_before or n_before > _MOST_POINTS:
            break
    step, objective = _best(points)
    start = max(step if step > 0.0 else points[1][0], 2.0 * least)
    return LineMinimum(step, objective, (start / 2.0, start))


def _known(objective: float) -> float:
    """NaN is as bad as can be."""
    return math.inf if math.isnan(objective) else objective


def _best(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(points, key=lambda point: point[1])


def _between(points: Sequence[tuple[float, float]]) -> float:
    """The next step to try: half-way to the better neighbour of the best, or twice the last."""
    steps, objectives = zip(*points, strict=True)
    place = objectives.index(min(objectives))
    if place == len(steps) - 1:
        return float(2.0 * steps[-1])
    if place == 0:
        return float(steps[1] / 2.0)
    better = place + 1 if objectives[place + 1] < objectives[place - 1] else place - 1
    return float((steps[place] + steps[better]) / 2.0)
