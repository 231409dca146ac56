"""`halving`: of a cohort's members the best go on from each rung (Jamieson and Talwalkar, 2016)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweeper.scheduler.rules.curve import at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.records import Halving
    from sweeper.scheduler.rules.curve import Curve


def judge(rule: Halving, rung: int, cohort: Sequence[Curve]) -> dict[str, str]:
    """Why members end that have come to this rung, by trial; the others that have go on.

    cohort: all of its members. One that came to an end before a rung takes no place, and is counted
    with those who lost; NaN loses to every number. Of equals, the one with the lower ordinal wins.
    """
    alive = list(cohort)
    for each in rule.rungs:
        ranked = sorted(
            (one for one in alive if at(one, each) is not None),
            key=lambda one: (_cost(rule, at(one, each)), one.ordinal),
        )
        places = max(1, math.floor(len(alive) * rule.keep))
        kept = [one for one in ranked[:places] if not math.isnan(at(one, each) or 0.0)]
        if each == rung:
            lost = (one for one in ranked if one not in kept)
            return {one.trial: _why(rule, rung, one, ranked, kept, len(alive)) for one in lost}
        # Who was let on stays so, even if a trial that was tried again has come in between.
        alive = kept + [one for one in ranked if one not in kept and one.values[-1][0] > each]
    return {}


def _cost(rule: Halving, value: float | None) -> tuple[bool, float]:
    """What is smaller is better, and NaN is worse than infinity."""
    if value is None or math.isnan(value):
        return True, 0.0
    return False, value if rule.mode == "min" else -value


def _why(
    rule: Halving,
    rung: int,
    one: Curve,
    ranked: Sequence[Curve],
    kept: Sequence[Curve],
    members: int,
) -> str:
    said = f"epoch {rung}: {rule.channel} is {at(one, rung):.6g}"
    place = f"{said}, number {ranked.index(one) + 1} of {members} in its cohort"
    if not kept:
        return f"{place}, of which none goes on"
    return f"{place}; {len(kept)} go on, the last of them with {at(kept[-1], rung):.6g}"
