"""What an axis that is drawn or searched may be: plain records, each with its values in order.

Every kind has the same three questions. Draws are computed in decimal, so that each machine draws
the same; `at` and `unit_of` serve samplers, which compute in floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import isfinite, log
from statistics import NormalDist
from typing import Any, Protocol

from sweeper.spec.identity import canonical, same

# Of the normal distribution a sampler sees what lies between: 4.75 standard deviations each way.
TAIL = 1e-6


class Distribution(Protocol):
    """The values of one axis."""

    @property
    def size(self) -> int | None:
        """How many values there are; None where they lie too close to be counted."""

    def draw(self, bits: int) -> Any:
        """The value that 128 random bits choose."""

    def at(self, unit: float) -> Any:
        """The value below which the share `unit` of the probability lies; unit: in [0, 1]."""

    def unit_of(self, value: Any) -> float:
        """Where a value lies in [0, 1]: the middle of what `at` maps to it.

        Raises ValueError for what is none of the values.
        """


@dataclass(frozen=True, slots=True)
class Span:
    """A float from low to high, uniform, or uniform in its logarithm."""

    low: float
    high: float
    is_log: bool = False
    size: None = None

    def draw(self, bits: int) -> float:
        """As `Distribution.draw`."""
        low, high = map(decimal, (self.low, self.high))
        if not self.is_log:
            return _short(low + _unit(bits) * (high - low))
        low, high = _ln(self.low), _ln(self.high)
        return _short((low + _unit(bits) * (high - low)).exp())

    def at(self, unit: float) -> float:
        """As `Distribution.at`."""
        low, high = float(self.low), float(self.high)
        value = low * (high / low) ** unit if self.is_log else low + unit * (high - low)
        return min(max(_short(value), low), high)

    def unit_of(self, value: Any) -> float:
        """As `Distribution.unit_of`."""
        low, high = float(self.low), float(self.high)
        if not _is_number(value) or not low <= value <= high:
            raise ValueError(f"expected a number from {self.low} to {self.high}")
        return log(value / low) / log(high / low) if self.is_log else (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Steps:
    """One of first, first + step, first + 2 step, ..., each as likely. is_whole: they are ints."""

    first: float
    step: float
    size: int
    is_whole: bool

    def value(self, index: int) -> Any:
        """The value with this number, from 0."""
        value = decimal(self.first) + index * decimal(self.step)
        return int(value) if self.is_whole else float(value)

    def draw(self, bits: int) -> Any:
        """As `Distribution.draw`."""
        return self.value(bits % self.size)

    def at(self, unit: float) -> Any:
        """As `Distribution.at`."""
        return self.value(_index(unit, self.size))

    def unit_of(self, value: Any) -> float:
        """As `Distribution.unit_of`."""
        first, last = self.value(0), self.value(self.size - 1)
        is_inside = _is_number(value) and first <= value <= last
        index = round((value - self.first) / self.step) if is_inside else -1
        if not 0 <= index < self.size or self.value(index) != value:
            some = f"{first}, {self.value(1)}, ..." if self.size > 1 else first
            raise ValueError(f"expected one of {some} up to {last}")
        return (index + 0.5) / self.size


@dataclass(frozen=True, slots=True)
class Bell:
    """A float of the normal distribution."""

    mu: float
    sigma: float
    size: None = None

    def draw(self, bits: int) -> float:
        """As `Distribution.draw`."""
        return _short(NormalDist(self.mu, self.sigma).inv_cdf(float(_unit(bits))))

    def at(self, unit: float) -> float:
        """As `Distribution.at`."""
        inside = min(max(unit, TAIL), 1.0 - TAIL)
        return _short(NormalDist(self.mu, self.sigma).inv_cdf(inside))

    def unit_of(self, value: Any) -> float:
        """As `Distribution.unit_of`."""
        if not _is_number(value):
            raise ValueError("expected a finite number")
        unit = NormalDist(self.mu, self.sigma).cdf(float(value))
        return min(max(unit, TAIL), 1.0 - TAIL)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values, each as likely. is_ordered: what lies side by side is alike."""

    values: Sequence[Any]
    is_ordered: bool = False

    @property
    def size(self) -> int:
        """As `Distribution.size`."""
        return len(self.values)

    @property
    def distinct(self) -> int:
        """How many there are, those that repeat counted once."""
        return len({canonical("", value) for value in self.values})

    def draw(self, bits: int) -> Any:
        """As `Distribution.draw`."""
        return self.values[bits % len(self.values)]

    def at(self, unit: float) -> Any:
        """As `Distribution.at`."""
        return self.values[_index(unit, len(self.values))]

    def index(self, value: Any) -> int:
        """The number of a value, from 0. Raises ValueError for what is none of them."""
        for index, one in enumerate(self.values):
            if same(one, value):
                return index
        raise ValueError(f"expected one of {', '.join(map(repr, self.values))}")

    def unit_of(self, value: Any) -> float:
        """As `Distribution.unit_of`."""
        return (self.index(value) + 0.5) / len(self.values)


def decimal(number: float) -> Decimal:
    """The number as it is written: Decimal(0.1) would be 0.1000000000000000055..."""
    return Decimal(repr(number))


@lru_cache(maxsize=256)  # a draw of many takes it twice, and it takes as long as the draw
def _ln(number: float) -> Decimal:
    return decimal(number).ln()


def _unit(bits: int) -> Decimal:
    """A number above 0 and below 1, from 52 of the bits: the middle of one of 2**52 steps."""
    return (Decimal(bits >> 76) + Decimal("0.5")) / Decimal(2**52)


def _short(value: Decimal | float) -> float:
    """Round to 12 digits: short enough to read, and free of the last bits of a machine's maths."""
    return float(f"{value:.12g}")


def _index(unit: float, count: int) -> int:
    return min(max(int(unit * count), 0), count - 1)


def _is_number(value: Any) -> bool:
    """Whether it is an int or a float, and as a float finite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
