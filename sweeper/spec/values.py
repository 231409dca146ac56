"""One axis: the values that the header gives it.

An axis is a list of values, or one of
    {range: [start, stop, step]}    as Python's range: start and step may be left out, stop is not
                                    reached; ints, or floats start + i * step
    {linspace: [a, b, n]}           n floats from a to b
    {logspace: [a, b, n]}           n floats from a to b (the values, not exponents), equal ratios
computed in decimal, so that 0.1 * 3 is 0.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sweeper.spec import sampling
from sweeper.spec.limits import MAX_LOGSPACE, MAX_POINTS
from sweeper.spec.place import Place, amount, checked_value, describe, is_number, listed

RULES = ("range", "linspace", "logspace")
_Floats = tuple[float, ...]


def read_axis(place: Place) -> tuple[Any, ...]:
    """Return the values of the axis at `place`. Raises InputError."""
    value = place.value
    if isinstance(value, dict):
        return _read_rule(place)
    if not isinstance(value, list):
        raise _no_list(place)
    if not value:
        raise place.error("an empty list: the axis has no value. Write one, or remove the axis.")
    return tuple(checked_value(place.child(i)) for i in range(len(value)))


def _no_list(place: Place) -> Exception:
    parts = place.value.split(",") if isinstance(place.value, str) else [describe(place.value)]
    if not isinstance(place.value, str):
        return place.wrong("a list of values", "Write it as a list: [first, second].")
    is_numbers = all(_looks_like_number(part) for part in parts)
    items = ", ".join(part.strip() for part in parts)
    kind = "numbers" if is_numbers else "values"
    return place.wrong(f"a list of {kind}", f"Write it as a list: [{items}].")


def _looks_like_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_rule(place: Place) -> tuple[Any, ...]:
    keys = list(place.value)
    drawn = [key for key in keys if key in sampling.KINDS]
    if drawn:
        raise place.error(
            f"{drawn[0]!r} draws values: it stands under `random`, as "
            "`random: {samples: 20, seed: 0, axes: {...}}`."
        )
    place.check_keys(RULES)
    if len(keys) != 1:
        raise place.error(f"expected one of {listed(RULES)}, got {len(keys)} keys.")
    rule = place.child(keys[0])
    if keys[0] == "range":
        return _range(rule)
    return _linspace(rule) if keys[0] == "linspace" else _logspace(rule)


def _range(place: Place) -> tuple[Any, ...]:
    numbers = _numbers(place, (1, 2, 3), "range: [start, stop, step]")
    start, stop = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else 1
    if step == 0:
        raise place.error("the step is 0. Write a number above or below it.")
    if all(isinstance(number, int) for number in numbers):
        count = -((start - stop) // step)
    else:
        count = math.ceil((_decimal(stop) - _decimal(start)) / _decimal(step))
    if count <= 0:
        raise place.error(f"no value lies from {start} to {stop} (not reached) in steps of {step}.")
    _check_count(place, count)
    if all(isinstance(number, int) for number in numbers):
        return tuple(start + i * step for i in range(count))
    first, by = _decimal(start), _decimal(step)
    return tuple(float(first + i * by) for i in range(count))


def _linspace(place: Place) -> _Floats:
    a, b, n = _ends_and_count(place, "linspace")
    return _between(_decimal(a), _decimal(b), n, lambda x: x)


def _logspace(place: Place) -> _Floats:
    a, b, n = _ends_and_count(place, "logspace")
    _check_count(place, n, MAX_LOGSPACE)
    if a <= 0 or b <= 0:
        raise place.error(
            f"expected ends above 0, got {a} and {b}: logspace takes the end values themselves, "
            "as in [0.001, 1.0, 4], not exponents."
        )
    return _between(_decimal(a).log10(), _decimal(b).log10(), n, lambda x: Decimal(10) ** x)


def _between(a: Decimal, b: Decimal, n: int, back: Callable[[Decimal], Decimal]) -> _Floats:
    return tuple(float(back(a + (b - a) * i / max(n - 1, 1))) for i in range(n))


def _ends_and_count(place: Place, rule: str) -> tuple[Any, Any, int]:
    a, b, n = _numbers(place, (3,), f"{rule}: [a, b, n]")
    if not isinstance(n, int) or n < 1:
        raise place.error(f"expected a whole number of values above 0, got {describe(n)}.")
    _check_count(place, n)
    return a, b, n


def _numbers(place: Place, counts: tuple[int, ...], example: str) -> list[Any]:
    items = place.entries("a list of numbers", f"Write `{example}`.")
    for item in items:
        if not is_number(item.value):
            raise item.wrong("a number", f"Write `{example}`.")
    if len(items) not in counts:
        raise place.error(f"got {len(items)} numbers. Write `{example}`.")
    return list(place.value)


def _check_count(place: Place, count: int, most: int = MAX_POINTS) -> None:
    if count > most:
        raise place.error(f"{amount(count)} values: at most {most:,} are made.")


def _decimal(number: float) -> Decimal:
    """The number as it is written: Decimal(0.1) would be 0.1000000000000000055..."""
    return Decimal(repr(number))
