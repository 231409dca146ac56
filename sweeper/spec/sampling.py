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
from collections.abc import Callable, Iterable
from typing import Any

from sweeper.spec.distributions import Bell, Choice, Distribution, Span, Steps, decimal
from sweeper.spec.place import Place, checked_value, is_number


def sample(place: Place, name: str, seed: int, samples: int) -> tuple[Any, ...]:
    """Return the first `samples` values of the axis `name`, whose distribution is at `place`."""
    found = distribution(place)
    values = tuple(found.draw(bits(seed, name, index)) for index in range(samples))
    if not all(math.isfinite(value) for value in values if isinstance(value, float)):
        raise place.error("draws a number that is not finite. Write smaller ones.")
    return values


def bits(seed: int, name: str, index: int) -> int:
    """Return the 128 bits of one draw: the head of sha256 of `seed/name/index`."""
    digest = hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest()
    return int.from_bytes(digest[:16], "big")


def distribution(place: Place, also: Iterable[str] = ()) -> Distribution:
    """Return what the map at `place` describes. also: further keys to name. Raises InputError."""
    place.check_keys((*_KINDS, *also))
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


def _uniform(place: Place) -> Distribution:
    low, high = _bounds(place)
    return Span(low, high)


def _loguniform(place: Place) -> Distribution:
    low, high = _bounds(place)
    if low <= 0:
        raise place.error(f"expected bounds above 0, got {low}. Use uniform, or a higher a.")
    return Span(low, high, is_log=True)


def _quniform(place: Place) -> Distribution:
    a, b, q = _bounds(place, "a, b, q")
    if q <= 0:
        raise place.error(f"expected a step q above 0, got {q}.")
    count = int((decimal(b) - decimal(a)) / decimal(q)) + 1
    return Steps(a, q, count, is_whole=all(isinstance(number, int) for number in (a, b, q)))


def _randint(place: Place) -> Distribution:
    low, high = _bounds(place)
    if not isinstance(low, int) or not isinstance(high, int):
        raise place.error(f"expected whole numbers, got {low!r} and {high!r}.")
    return Steps(low, 1, high - low, is_whole=True)


def _normal(place: Place) -> Distribution:
    mu, sigma = _numbers(place, "mu, sigma")
    if sigma <= 0:
        raise place.error(f"expected a sigma above 0, got {sigma}.")
    return Bell(mu, sigma)


def _choice(place: Place) -> Distribution:
    items = place.entries("a list of values", "Write `choice: [first, second]`.")
    if not items:
        raise place.error("an empty list: there is nothing to choose from. Write a value.")
    return Choice(tuple(checked_value(item) for item in items))


_KINDS: dict[str, Callable[[Place], Distribution]] = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "quniform": _quniform,
    "randint": _randint,
    "normal": _normal,
    "choice": _choice,
}
KINDS = frozenset(_KINDS)
