"""Samplers that look at no result: points drawn at random, and Sobol's sequence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from sweeper.spec import sampling

if TYPE_CHECKING:
    from sweeper.records import Value
    from sweeper.spec.search.sampler import Question
    from sweeper.spec.search.space import Axis, Point


class Random:
    """The points of `random` in the header, with the same seed: each a function of its number."""

    def points(self, question: Question) -> Iterator[Point]:
        """As `Sampler.points`."""
        walker = question.space.walker()
        for index in itertools.count(question.first):
            yield walker.point(partial(_drawn, question.seed, index))


def _drawn(seed: int, index: int, axis: Axis) -> Value:
    value: Value = axis.values.draw(sampling.bits(seed, axis.name, index))
    return value


class Sobol:
    """Sobol's sequence, scrambled by the seed: points that fill the space evenly.

    An axis that does not apply to a point has its coordinate nevertheless.
    Source: scipy.stats.qmc.Sobol.
    """

    def points(self, question: Question) -> Iterator[Point]:
        """As `Sampler.points`."""
        from scipy.stats import qmc

        walker, names = question.space.walker(), [axis.name for axis in question.space.axes]
        sequence = qmc.Sobol(len(names), scramble=True, rng=question.seed)
        if question.first:
            sequence.fast_forward(question.first)
        while True:
            units = dict(zip(names, sequence.random(1)[0].tolist(), strict=True))
            yield walker.point(partial(_at, units))


def _at(units: Mapping[str, float], axis: Axis) -> Value:
    value: Value = axis.values.at(units[axis.name])
    return value
