"""A member of a cohort, as the rules across trials see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """A trial's objective at the rungs that it has come to: (rung, value), growing."""

    trial: str
    ordinal: int
    values: tuple[tuple[int, float], ...] = ()


def at(curve: Curve, rung: int) -> float | None:
    """The objective at a rung, None where the trial has not come to it."""
    return next((value for where, value in curve.values if where == rung), None)
