"""What varies: axes, and how they combine.

The keys of the header combine as one product; what stands last varies fastest:
    grid    a map of axes: each combination of their values
    zip     a map of axes of one length: first with first, second with second
    points  a list of maps: these points
    random  {samples, seed, axes}: that many drawn points, see `sampling`
    union   a list of blocks, each a product of grid, zip, points and random: the points of all
            blocks, which must name the same axes. Points that repeat are one.
After the product, `where` filters and `repeat` gives each point its seeds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pylearn2core.errors import Where
from sweeper.spec import sampling
from sweeper.spec.limits import MAX_DRAWS, MAX_POINTS, MAX_VALUES
from sweeper.spec.place import Place, amount, checked_value, listed, whole_number
from sweeper.spec.printing import GLOBALS
from sweeper.spec.values import read_axis

RESERVED = frozenset({"seed", "trial", "out"})
# Words of Jinja's own, which as variables would be unreachable or something else.
_JINJA = GLOBALS.union(
    ("and", "or", "not", "in", "is", "if", "elif", "else", "for", "block", "macro", "call", "set"),
    ("true", "false", "none", "True", "False", "None", "filter", "include", "import", "extends"),
    ("self", "loop", "super", "caller", "varargs", "kwargs", "recursive"),
)

_Places = dict[str, Where]


@dataclass(frozen=True, slots=True)
class Factor:
    """Axes that vary together. rows: their values, in the order of names."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def first(self) -> dict[str, Any]:
        """The first of its points."""
        return dict(zip(self.names, self.rows[0], strict=True)) if self.rows else {}


@dataclass(frozen=True, slots=True)
class Axes:
    """A product of factors, before `where` and with the seeds of `repeat`.

    where: the expression, or None.    where_at: where it stands.
    seeds: None where the header has no `repeat`, which stands at repeat_at.
    places: where each axis stands.
    """

    factors: tuple[Factor, ...]
    where: str | None
    where_at: Where
    seeds: tuple[int, ...] | None
    repeat_at: Where
    places: Mapping[str, Where]

    @property
    def names(self) -> tuple[str, ...]:
        """The axes, in order."""
        return tuple(name for factor in self.factors for name in factor.names)


_Factors = list[tuple[Factor, _Places]]


# ------------------------------------------------------------------ blocks
def read_product(place: Place, kinds: tuple[str, ...]) -> tuple[tuple[Factor, ...], _Places]:
    """Return the factors under those keys of the map at `place` that are among `kinds`, and their
    axes' places.

    Raises InputError for an axis that two factors name, and for too many points.
    """
    factors: list[Factor] = []
    places: _Places = {}
    for kind in (key for key in place.value if key in kinds):
        for factor, its_places in _READERS[kind](place.child(kind)):
            for name, where in its_places.items():
                if name in places:
                    child = place.child(kind)
                    raise child.error(
                        f"the axis {name!r} stands here and in {places[name]}. Keep one of them."
                    )
                places[name] = where
            factors.append(factor)
    sizes = [len(factor.rows) for factor in factors]
    size = math.prod(sizes)
    product = f"{' x '.join(map(str, sizes[:10]))}{' x …' if len(sizes) > 10 else ''} = "
    _check_size(place, size, len(places), product if len(sizes) > 1 else "")
    return tuple(factors), places


def _check_size(place: Place, points: int, axes: int, product: str = "") -> None:
    """Raise InputError for too many points. product: says how they come about."""
    advice = "Draw some with `random`, or shorten an axis."
    if points > MAX_POINTS:
        found = f"{product}{amount(points)} points"
        raise place.error(f"{found}: at most {MAX_POINTS:,} can be run. {advice}")
    if points * axes > MAX_VALUES:
        found = f"{product}{points:,} points of {axes:,} axes are {points * axes:,} values"
        raise place.error(f"{found}: at most {MAX_VALUES:,} are held. {advice}")


def _grid(place: Place) -> _Factors:
    return [
        (Factor((name,), tuple((value,) for value in read_axis(axis))), {name: axis.where()})
        for name, axis in named_axes(place)
    ]


def _zip(place: Place) -> _Factors:
    axes = named_axes(place)
    columns = [read_axis(axis) for _, axis in axes]
    if len({len(column) for column in columns}) > 1:
        lengths = [f"{name} has {len(c)}" for (name, _), c in zip(axes, columns, strict=True)]
        raise place.error(
            f"the lists must be of one length, but {listed(lengths)}. Add or remove values, or use "
            "grid for every combination."
        )
    names = tuple(name for name, _ in axes)
    return [(Factor(names, tuple(zip(*columns, strict=True))), _places(axes))]


def _points(place: Place) -> _Factors:
    advice = "Write `- {learning_rate: 0.1, batch_size: 50}`, one point a line."
    points = place.entries("a list of points", advice)
    if not points:
        raise place.error(f"no points. {advice}")
    first = named_axes(points[0])
    names = tuple(name for name, _ in first)
    rows = []
    for point in points:
        found = dict(point.items("a point"))
        _check_same_axes(point, names, tuple(found), "points")
        rows.append(tuple(checked_value(found[name]) for name in names))
    return [(Factor(names, tuple(rows)), _places(first))]


def _random(place: Place) -> _Factors:
    place.check_keys(("samples", "seed", "axes"))
    for key in ("samples", "axes"):
        if key not in place.value:
            raise place.error(f"{key!r} is missing. Write `samples: 20` and `axes: {{...}}`.")
    samples = whole_number(place.child("samples"), least=1)
    if samples > MAX_POINTS:
        raise place.child("samples").error(f"at most {MAX_POINTS:,} points can be run.")
    seed = whole_number(place.child("seed"), least=0) if "seed" in place.value else 0
    axes = named_axes(place.child("axes"))
    if samples * len(axes) > MAX_DRAWS:
        raise place.child("samples").error(
            f"{samples:,} samples of {len(axes):,} axes are {samples * len(axes):,} draws: at most "
            f"{MAX_DRAWS:,} are made."
        )
    columns = [sampling.sample(axis, name, seed, samples) for name, axis in axes]
    names = tuple(name for name, _ in axes)
    return [(Factor(names, tuple(zip(*columns, strict=True))), _places(axes))]


def _union(place: Place) -> _Factors:
    blocks = place.entries("a list of blocks", "Write `- grid: {...}`, one block an item.")
    if not blocks:
        raise place.error("no blocks. Write `- grid: {...}`, one block an item.")
    names: tuple[str, ...] = ()
    places: _Places = {}
    rows: list[tuple[Any, ...]] = []
    for block in blocks:
        block.check_keys(_BLOCK)
        factors, its_places = read_product(block, _BLOCK)
        if not its_places:
            raise block.error(f"an empty block. Write one of {listed(_BLOCK)}.")
        if not names:
            names, places = tuple(its_places), its_places
        _check_same_axes(block, names, tuple(its_places), "blocks")
        size = math.prod(len(factor.rows) for factor in factors)
        _check_size(place, len(rows) + size, len(names))
        order = [tuple(its_places).index(name) for name in names]
        for parts in itertools.product(*(factor.rows for factor in factors)):
            values = tuple(itertools.chain.from_iterable(parts))
            rows.append(tuple(values[i] for i in order))
    return [(Factor(names, tuple(rows)), places)]


def _check_same_axes(place: Place, names: tuple[str, ...], found: tuple[str, ...], of: str) -> None:
    missing = [name for name in names if name not in found]
    extra = [name for name in found if name not in names]
    if missing or extra:
        says = f"names {listed(extra)}, which the first does not" if extra else ""
        lacks = f"lacks {listed(missing)}, which the first has" if missing else ""
        what = " and ".join(part for part in (lacks, says) if part)
        name = (missing or extra)[0]
        null = f"{name}: {'null' if of == 'points' else '[null]'}"
        raise place.error(
            f"all {of} must name the same axes: this one {what}. Where an axis has none, write "
            f"`{null}`, and in the experiment `{{% if {name} is not none %}}`."
        )


_BLOCK = ("grid", "zip", "points", "random")
PRODUCT = (*_BLOCK, "union")
_READERS: dict[str, Callable[[Place], _Factors]] = {
    "grid": _grid,
    "zip": _zip,
    "points": _points,
    "random": _random,
    "union": _union,
}


# ------------------------------------------------------------------ names
def named_axes(place: Place) -> list[tuple[str, Place]]:
    """Return the entries of a map of axes. Raises InputError for a name that none can have."""
    example = "learning_rate: [0.1, 0.01]"
    if not place.value and isinstance(place.value, dict | None):
        raise place.error(f"no axes here. Write one, such as `{example}`, or remove the key.")
    axes = place.items("a map of axes")
    for name, axis in axes:
        fault = fault_of_name(name)
        if fault:
            raise axis.error(f"an axis can't be named {name!r}: {fault}. Rename it.")
    return axes


def fault_of_name(name: str) -> str:
    """Say why `name` can't be a variable of a template, or return an empty string."""
    if name in RESERVED:
        return f"{listed(sorted(RESERVED))} are variables that each trial has already"
    if not name.isidentifier():
        return "a name is letters, digits and underscores, and no digit comes first"
    return "templates have a meaning of their own for this word" if name in _JINJA else ""


def _places(axes: list[tuple[str, Place]]) -> _Places:
    return {name: axis.where() for name, axis in axes}
