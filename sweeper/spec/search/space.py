"""What a search varies: axes, some of which apply to some points alone, and constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pylearn2core.errors import Where
from sweeper.records import Value
from sweeper.spec import sampling
from sweeper.spec.axes import named_axes
from sweeper.spec.distributions import Choice, Distribution
from sweeper.spec.place import Place, checked_value
from sweeper.spec.values import RULES, read_axis
from sweeper.spec.where import Expression

Point = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    when: an expression over the axes before it; the axis is a part of those points alone for which
    it is true. None: of all.    at: where the axis stands; when_at: where its `when` does.
    """

    name: str
    values: Distribution
    at: Where
    when: str | None
    when_at: Where


@dataclass(frozen=True, slots=True)
class Space:
    """All axes, in order, and the values that every point has.

    variables: of -D, which a `when` may use.
    """

    axes: tuple[Axis, ...]
    constants: Mapping[str, Value]
    variables: Mapping[str, Value]

    @property
    def size(self) -> int | None:
        """At most so many points there are; None where they can't be counted."""
        sizes = [_distinct(axis.values) for axis in self.axes]
        known = [size for size in sizes if size is not None]
        return math.prod(known) if len(known) == len(sizes) else None

    def walker(self) -> Walker:
        """What puts points together; compiles the expressions."""
        return Walker(self)


def _distinct(values: Distribution) -> int | None:
    return values.distinct if isinstance(values, Choice) else values.size


class Walker:
    """Puts points together, axis after axis."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._conditions: dict[str, tuple[Expression, frozenset[str]]] = {}
        known = list(space.constants)
        for axis in space.axes:
            if axis.when is not None:
                when = Expression(axis.when, axis.when_at, space.variables, known)
                needs = when.names & {one.name for one in space.axes}
                self._conditions[axis.name] = when, needs
            known.append(axis.name)

    @property
    def names(self) -> frozenset[str]:
        """What the expressions use."""
        return frozenset(name for when, _ in self._conditions.values() for name in when.names)

    def applies(self, axis: Axis, point: Mapping[str, Value]) -> bool:
        """Whether the point, with its axes before this one, has this one too.

        One whose `when` asks for an axis that the point lacks does not apply.
        """
        if axis.name not in self._conditions:
            return True
        when, needs = self._conditions[axis.name]
        return needs <= point.keys() and when.holds(point)

    def point(self, choose: Callable[[Axis], Any]) -> Point:
        """The point whose value of each axis that applies is what `choose` says."""
        point: Point = dict(self.space.constants)
        for axis in self.space.axes:
            if self.applies(axis, point):
                point[axis.name] = choose(axis)
        return point

    def every(self) -> Iterator[Point]:
        """Each point of a space that can be counted; the last axis varies fastest."""
        if self.space.size is not None:
            yield from self._every(dict(self.space.constants), 0)

    def _every(self, point: Point, place: int) -> Iterator[Point]:
        if place == len(self.space.axes):
            yield point
            return
        axis = self.space.axes[place]
        if not self.applies(axis, point):
            yield from self._every(point, place + 1)
            return
        size = axis.values.size or 0
        for index in range(size):
            value = axis.values.at((index + 0.5) / size)
            yield from self._every({**point, axis.name: value}, place + 1)


# ------------------------------------------------------------------ from the header
def read_space(place: Place, variables: Mapping[str, Value]) -> Space:
    """Return the space of the map of axes at `place`. Raises InputError."""
    axes: list[Axis] = []
    constants: Point = {}
    for name, found in named_axes(place):
        if isinstance(found.value, dict | list):
            axes.append(_axis(name, found))
        else:
            constants[name] = checked_value(found)
    space = Space(tuple(axes), constants, variables)
    if not axes:
        raise place.error("every axis has one value only: there is nothing to search for.")
    _check_order(space, dict(named_axes(place)))
    space.walker()
    return space


def _axis(name: str, place: Place) -> Axis:
    when, when_at = None, place.where()
    if isinstance(place.value, dict) and "when" in place.value:
        child = place.child("when")
        if not isinstance(child.value, str):
            raise child.wrong("an expression", "Write one such as `layers >= 2`.")
        when, when_at = child.value, child.where()
        rest = {key: value for key, value in place.value.items() if key != "when"}
        place = Place(place.source, place.root, rest, place.path)
    return Axis(name, _values(place), place.where(), when, when_at)


def _values(place: Place) -> Distribution:
    """What an axis is: values to choose from, as a grid has them, or a distribution."""
    if isinstance(place.value, list):
        return Choice(read_axis(place))
    if any(key in RULES for key in place.value):
        return Choice(read_axis(place), is_ordered=True)
    return sampling.distribution(place, also=RULES)


def _check_order(space: Space, places: Mapping[str, Place]) -> None:
    """Raise InputError for a `when` that names its own axis, or one that does not stand before."""
    every = [*(axis.name for axis in space.axes), *space.constants]
    asked = {
        axis.name: Expression(axis.when, axis.when_at, space.variables, every)
        for axis in space.axes
        if axis.when is not None
    }
    before = set(space.constants)
    for axis in space.axes:
        expression = asked.get(axis.name)
        late = sorted(expression.names & set(every) - before) if expression else []
        if expression and late:
            where = places[late[0]].where()
            raise expression.error(_why_late(axis.name, late[0], asked, where))
        before.add(axis.name)


def _why_late(name: str, late: str, asked: Mapping[str, Expression], where: Where) -> str:
    if late == name:
        return f"whether {name} applies can't follow from itself."
    reached, left = {late}, [late]
    while left:
        expression = asked.get(left.pop())
        new = (expression.names if expression else frozenset[str]()) - reached
        reached |= new
        left.extend(new)
    if name in reached:
        return (
            f"{name} applies where {late} says so, and {late} where {name} does: they go in a "
            "circle. Remove one `when` of it."
        )
    return (
        f"{late} stands after {name} ({where}), and a point is put together in order. "
        f"Move {late} before it."
    )
