"""The points of a sweep: the product of its axes, each once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sweeper.records import Value
from sweeper.records.errors import InputError
from sweeper.spec.axes import Axes, Factor
from sweeper.spec.identity import canonical
from sweeper.spec.limits import MAX_POINTS
from sweeper.spec.load import Spec
from sweeper.spec.place import input_error, shown
from sweeper.spec.where import Condition


@dataclass(frozen=True, slots=True)
class Points:
    """kept: values and, for each value, its part of the canonical text.

    merged: points that were there already.    dropped: points that `where` refused.
    """

    kept: tuple[tuple[Mapping[str, Value], Mapping[str, str]], ...]
    merged: int
    dropped: int


def find_points(spec: Spec) -> Points:
    """Return the sweep's points in order. Raises InputError where `where` keeps none."""
    condition = Condition(spec.axes, spec.variables)
    seeds = len(spec.axes.seeds or (0,))
    kept: list[tuple[Mapping[str, Value], Mapping[str, str]]] = []
    seen: set[tuple[str, ...]] = set()
    merged = dropped = 0
    for values, parts in _product(spec.axes):
        key = tuple(parts.values())
        if key in seen:
            merged += 1
            continue
        seen.add(key)
        if condition.keeps(values):
            kept.append((values, parts))
            if len(kept) * seeds > MAX_POINTS:
                raise _too_many(spec, seeds)
        else:
            dropped += 1
    if not kept:
        message = f"{shown(spec.axes.where)} drops every one of the {dropped} points. Loosen it."
        raise input_error(message, spec.axes.where_at)
    return Points(tuple(kept), merged, dropped)


def _too_many(spec: Spec, seeds: int) -> InputError:
    points = math.prod(len(factor.rows) for factor in spec.axes.factors)
    left = "" if spec.axes.where is None else ", and `where` leaves more than can be run"
    message = (
        f"{points:,} points by {seeds:,} seeds are {points * seeds:,} trials{left}: at most "
        f"{MAX_POINTS:,} can be run. Repeat fewer times, or shorten an axis."
    )
    return input_error(message, spec.axes.repeat_at)


def _product(axes: Axes) -> Iterator[tuple[dict[str, Value], dict[str, str]]]:
    names = axes.names
    for rows in itertools.product(*(_with_parts(factor) for factor in axes.factors)):
        values = dict(zip(names, itertools.chain.from_iterable(r[0] for r in rows), strict=True))
        parts = dict(zip(names, itertools.chain.from_iterable(r[1] for r in rows), strict=True))
        yield values, parts


def _with_parts(factor: Factor) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:
    return [
        (row, tuple(canonical(n, v) for n, v in zip(factor.names, row, strict=True)))
        for row in factor.rows
    ]
