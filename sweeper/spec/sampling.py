"""Sampled axes: a value is a function of (random.seed, axis name, index) and of nothing else.

So one more sample, or one more axis, changes no other value, and each machine draws the same:
the draw is a SHA-256 digest, and logarithms are computed in decimal.

A distribution is a map with one key:
    uniform: [a, b]         a float from a to b
    loguniform: [a, b]      a float from a to b, uniform in its logarithm; 0 < a
    quniform: [a, b, q]     one of a, a + q, a + 2q, ... up to b, each as likely
    randint: [a, b]         an int from a to b - 1, each as likely
    normal: [mu, sigma]     a float of the normal distribution
    choice: [x, y, ...]     one of the values, each as likely
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from sweeper.spec.place import Place, checked_value, is_number

Draw = Callable[[int], Any]
"""From 128 random bits to a value."""


def sample(place: Place, name: str, seed: int, samples: int) -> tuple[Any, ...]:
    """Return the first `samples` values of the axis `name`, whose distribution is at `place`."""
    draw = distribution(place)
    values = tuple(draw(bits(seed, name, index)) for index in range(samples))
    if not all(math.isfinite(value) for value in values if isinstance(value, float)):
        raise place.error("draws a number that is not finite. Write smaller ones.")
    return values


def bits(seed: int, name: str, index: int) -> int:
    """Return the 128 bits of one draw: the head of sha256 of `seed/name/index`."""
    digest = hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest()
    return int.from_bytes(digest[:16], "big")


def distribution(place: Place) -> Draw:
    """Return the draw that the map at `place` describes. Raises InputError."""
    place.check_keys(_KINDS)
    if len(place.value) != 1:
        raise place.error("expected one distribution, such as `uniform: [0, 1]`.")
    (kind,) = place.value
    return _KINDS[kind](place.child(kind))


def _numbers(place: Place, names: str) -> list[Any]:
    count = len(names.split(","))
    example = f"Write [{names}]."
    found = place.entries(f"a list of {count} numbers", example)
    for item in found:
        if not is_number(item.value):
            raise item.wrong("a number", example)
    if len(found) != count:
        raise place.error(f"expected {count} numbers, got {len(found)}. {example}")
    return list(place.value)


def _bounds(place: Place, names: str = "a, b") -> list[Any]:
    numbers = _numbers(place, names)
    if not numbers[0] < numbers[1]:
        raise place.error(f"expected a below b, got {numbers[0]} and {numbers[1]}.")
    return numbers


def _unit(draw: int) -> Decimal:
    """A number above 0 and below 1, from 52 of the bits: the middle of one of 2**52 steps."""
    return (Decimal(draw >> 76) + Decimal("0.5")) / Decimal(2**52)


def _short(value: Decimal | float) -> float:
    """Round to 12 digits: short enough to read, and free of the last bits of a machine's maths."""
    return float(f"{value:.12g}")


def _uniform(place: Place) -> Draw:
    low, high = map(_decimal, _bounds(place))
    return lambda draw: _short(low + _unit(draw) * (high - low))


def _loguniform(place: Place) -> Draw:
    bounds = _bounds(place)
    if bounds[0] <= 0:
        raise place.error(f"expected bounds above 0, got {bounds[0]}. Use uniform, or a higher a.")
    low, high = (_decimal(bound).ln() for bound in bounds)
    return lambda draw: _short((low + _unit(draw) * (high - low)).exp())


def _quniform(place: Place) -> Draw:
    a, b, q = _bounds(place, "a, b, q")
    if q <= 0:
        raise place.error(f"expected a step q above 0, got {q}.")
    low, step = _decimal(a), _decimal(q)
    count = int((_decimal(b) - low) / step) + 1
    kind = int if all(isinstance(number, int) for number in (a, b, q)) else float
    return lambda draw: kind(low + draw % count * step)


def _randint(place: Place) -> Draw:
    low, high = _bounds(place)
    if not isinstance(low, int) or not isinstance(high, int):
        raise place.error(f"expected whole numbers, got {low!r} and {high!r}.")
    return lambda draw: low + draw % (high - low)


def _normal(place: Place) -> Draw:
    mu, sigma = _numbers(place, "mu, sigma")
    if sigma <= 0:
        raise place.error(f"expected a sigma above 0, got {sigma}.")
    normal = NormalDist(mu, sigma)
    return lambda draw: _short(normal.inv_cdf(float(_unit(draw))))


def _choice(place: Place) -> Draw:
    items = place.entries("a list of values", "Write `choice: [first, second]`.")
    if not items:
        raise place.error("an empty list: there is nothing to choose from. Write a value.")
    values = [checked_value(item) for item in items]
    return lambda draw: values[draw % len(values)]


def _decimal(number: float) -> Decimal:
    """The number as it is written: Decimal(0.1) would be 0.1000000000000000055..."""
    return Decimal(repr(number))


_KINDS: dict[str, Callable[[Place], Draw]] = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "quniform": _quniform,
    "randint": _randint,
    "normal": _normal,
    "choice": _choice,
}
KINDS = frozenset(_KINDS)
