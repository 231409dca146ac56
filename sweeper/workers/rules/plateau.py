"""`plateau`: a trial that gets no better any more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.records import Plateau


@dataclass(frozen=True, slots=True)
class Best:
    """The best value that was enough of a change, and when: in the rule's unit, and in epochs.

    value: None before there was one.    rows: that were seen.
    """

    value: float | None = None
    at: int = 0
    epoch: int = 0
    rows: int = 0


NONE_YET = Best()


def see(rule: Plateau, best: Best, epoch: int, value: float) -> Best:
    """The best after one more row. NaN is never better."""
    rows = best.rows + 1
    if math.isnan(value) or not _is_better(rule, best, value):
        return Best(best.value, best.at, best.epoch, rows)
    return Best(value, rows if rule.unit == "rows" else epoch, epoch, rows)


def judge(rule: Plateau, best: Best, epoch: int) -> str:
    """Why a trial ends whose last row was of this epoch, "" where it goes on."""
    now = best.rows if rule.unit == "rows" else epoch
    if now - best.at < rule.length:
        return ""
    by = f" by more than {rule.min_change:g}" if rule.min_change else ""
    if best.value is None:
        return f"epoch {epoch}: {rule.channel} was NaN for {rule.length} {rule.unit}"
    return (
        f"epoch {epoch}: {rule.channel} got no better{by} for {rule.length} {rule.unit}:"
        f" {best.value:.6g} of epoch {best.epoch} is its best"
    )


def _is_better(rule: Plateau, best: Best, value: float) -> bool:
    if best.value is None:
        return True
    change = best.value - value if rule.mode == "min" else value - best.value
    return change > rule.min_change
