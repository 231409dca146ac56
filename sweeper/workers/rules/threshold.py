"""`threshold`: a trial that has gone beyond a value, as one that diverges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.records import Threshold


def judge(rule: Threshold, epoch: int, value: float) -> str:
    """Why a trial with this value ends, "" where it goes on. epoch: as rules count them."""
    if epoch < rule.after:
        return ""
    said = f"epoch {epoch}: {rule.channel} is {value:.6g}"
    if rule.above is not None and not value <= rule.above:  # NaN is beyond every value
        return said if math.isnan(value) else f"{said}, above {rule.above:.6g}"
    if rule.below is not None and not value >= rule.below:
        return said if math.isnan(value) else f"{said}, below {rule.below:.6g}"
    return ""
