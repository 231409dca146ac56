"""What is odd about trials that did not fail, for a line beside their table. Needs no pandas."""

from __future__ import annotations

import math
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from sweeper.records import TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.records import Objective, TrialRecord
    from sweeper.report.summary import TrialSummary

_NAMED = 5


def remarks(
    trials: Sequence[TrialRecord],
    summed: Mapping[str, TrialSummary],
    objective: Objective | None,
) -> tuple[str, ...]:
    """Which trials ended in NaN or infinity, and which finished without a row.

    summed: of `summary.summaries`.
    """
    what = f"{objective.channel} is" if objective else "objectives are"
    diverged = f"{what} NaN or infinite in their last row"
    found = (_diverged(trials, summed, objective), diverged), (_silent(trials, summed), "no row")
    return tuple(_told(those, len(trials), said) for those, said in found if those)


def _told(those: Sequence[str], of: int, said: str) -> str:
    more = f" and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
    return f"{len(those)} of {of} trials: {said} ({', '.join(those[:_NAMED])}{more})"


def _diverged(
    trials: Sequence[TrialRecord],
    summed: Mapping[str, TrialSummary],
    objective: Objective | None,
) -> list[str]:
    return [
        trial.id
        for trial in trials
        if trial.state is not TrialState.FAILED
        and trial.id in summed
        and not all(map(math.isfinite, _ends(summed[trial.id], objective)))
    ]


def _ends(summary: TrialSummary, objective: Objective | None) -> list[float]:
    """The objective's last value; without an objective, those of the `*objective` channels."""
    if objective is not None:
        return [] if summary.last is None else [summary.last]
    return [value for name, value in summary.finals.items() if fnmatch(name, "*objective")]


def _silent(trials: Sequence[TrialRecord], summed: Mapping[str, TrialSummary]) -> list[str]:
    finished = (trial.id for trial in trials if trial.state is TrialState.FINISHED)
    return [trial for trial in finished if trial not in summed]
