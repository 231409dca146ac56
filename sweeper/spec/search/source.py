"""The source of a search: points that a sampler proposes, a batch at a time, made trials."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from sweeper.records import History, Value
from sweeper.spec import sampling
from sweeper.spec.expand import Expansion, expand_points
from sweeper.spec.identity import id_of
from sweeper.spec.load import Spec
from sweeper.spec.search.config import Search
from sweeper.spec.search.kinds import KINDS
from sweeper.spec.search.sampler import Question, Sampler
from sweeper.spec.search.space import Axis, Point
from sweeper.spec.search.tried import points_of, tried

# A sampler that proposes what is there already, so often in a row, is asked no more.
PATIENCE = 100


@dataclass(frozen=True, slots=True)
class Searched:
    """Batch b holds the points b * batch .. of a search; with `repeat`, each with all its seeds."""

    spec: Spec
    search: Search

    @property
    def lag(self) -> int:
        """As `Source.lag`."""
        return self.search.lag

    @property
    def batches(self) -> int:
        """As `Source.batches`."""
        return math.ceil(self.search.trials / self.search.batch)

    @property
    def expected(self) -> int:
        """As `Source.expected`."""
        return self.search.trials * len(self.spec.axes.seeds or (0,))

    def propose(self, batch: int, history: History) -> Expansion | None:
        """As `Source.propose`."""
        if batch >= self.batches:
            return None
        question = self._question(batch, history)
        new = _new(question, self._candidates(question))
        points = list(itertools.islice(new, question.size))
        return expand_points(self.spec, points) if points else None

    def _question(self, batch: int, history: History) -> Question:
        search, repeats = self.search, bool(self.spec.axes.seeds)
        first = batch * search.batch
        return Question(
            space=search.space,
            seed=search.seed,
            batch=batch,
            first=first,
            size=min(search.batch, search.trials - first),
            ended=tried(history, self.spec.header.objective, repeats=repeats),
            pending=points_of(history.pending, repeats=repeats),
            left_out=points_of(history.left_out, repeats=repeats),
        )

    def _candidates(self, question: Question) -> Iterator[tuple[float, Iterable[Point]]]:
        """Where points come from: the last two are for a space that is nearly used up."""
        yield math.inf, self._start(question)
        yield PATIENCE, sampler_of(self.search.sampler).points(question)
        yield PATIENCE, _drawn(question)
        yield math.inf, question.space.walker().every()

    def _start(self, question: Question) -> Iterator[Point]:
        """The points of `start` that belong to this batch; what they leave open is drawn."""
        given = self.search.start[question.first : question.first + question.size]
        walker = question.space.walker()
        for place, start in enumerate(given, question.first):
            yield walker.point(partial(_completed, question, start, place))


def sampler_of(name: str) -> Sampler:
    """The sampler that has this name in the header."""
    module, _, kind = KINDS[name].factory.partition(":")
    made: Sampler = getattr(import_module(module), kind)()
    return made


def _new(
    question: Question, candidates: Iterable[tuple[float, Iterable[Point]]]
) -> Iterator[Point]:
    """Those that were neither tried nor cancelled nor are pending, each once.

    candidates: points, and how many in a row may be there already before they are given up.
    """
    known = (*(one.point for one in question.ended), *question.pending, *question.left_out)
    there = set(map(id_of, known))
    for patience, points in candidates:
        passed = 0
        for point in points:
            found = id_of(point)
            passed = passed + 1 if found in there else 0
            if not passed:
                there.add(found)
                yield point
            elif passed >= patience:
                break


def _drawn(question: Question) -> Iterator[Point]:
    """Points drawn at random for this batch alone."""
    walker = question.space.walker()
    for index in itertools.count():
        yield walker.point(partial(_draw, question, f"other/{index}"))


def _completed(question: Question, start: Mapping[str, Value], place: int, axis: Axis) -> Value:
    """The value that a point to start from has of an axis, or a drawn one where it has none."""
    if axis.name in start:
        return start[axis.name]
    return _draw(question, f"start/{place}", axis)


def _draw(question: Question, what: str, axis: Axis) -> Value:
    bits = sampling.bits(question.chance, f"{axis.name}/{what}", question.batch)
    value: Value = axis.values.draw(bits)
    return value
