"""Evolution strategies: CMA-ES."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from cmaes import CMA

if TYPE_CHECKING:
    from sweeper.spec.search.sampler import Question, Tried
    from sweeper.spec.search.space import Axis, Point, Space

SIGMA = 1 / 6  # of the axes' width, as Optuna's


class Cmaes:
    """A normal distribution that moves, turns and shrinks towards good points.

    It learns from as many points at a time as the strategy's population has, in their order, also
    from those that an earlier state of it proposed: so no worker waits for a generation.
    Source: the library cmaes, with its own settings.
    """

    def points(self, question: Question) -> Iterator[Point]:
        """As `Sampler.points`."""
        walker, names = question.space.walker(), [axis.name for axis in question.space.axes]
        strategy = _told(question)
        strategy.reseed_rng(question.chance)
        while True:
            units = dict(zip(names, strategy.ask().tolist(), strict=True))

            def choose(axis: Axis, units: dict[str, float] = units) -> Any:
                return axis.values.at(units[axis.name])

            yield walker.point(choose)


def _told(question: Question) -> CMA:
    """The strategy as it is after what is known."""
    axes = len(question.space.axes)
    bounds = np.tile([0.0, 1.0], (axes, 1))
    strategy = CMA(mean=np.full(axes, 0.5), sigma=SIGMA, bounds=bounds, seed=question.seed % 2**32)
    size = strategy.population_size
    for start in range(0, len(question.ended) - size + 1, size):
        strategy.tell(_solutions(question.space, question.ended[start : start + size]))
    return strategy


def _solutions(space: Space, group: Sequence[Tried]) -> list[tuple[Any, float]]:
    """Points of the unit cube with their scores, of which the order alone counts."""
    worst = max((one.score for one in group if math.isfinite(one.score)), default=0.0)
    return [
        (
            np.array([axis.values.unit_of(one.point[axis.name]) for axis in space.axes]),
            one.score if math.isfinite(one.score) else worst + 1.0,
        )
        for one in group
    ]
