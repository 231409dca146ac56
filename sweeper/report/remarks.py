"""What is odd about trials that did not fail, for a line beside their table. Needs no pandas."""

from __future__ import annotations

import math
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from pylearn2core.words import did_you_mean, shortened
from sweeper.records import TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.records import Objective, TrialRecord
    from sweeper.report.summary import TrialSummary

_NAMED = 5
_LISTED = 300  # characters


def remarks(
    trials: Sequence[TrialRecord],
    summed: Mapping[str, TrialSummary],
    objective: Objective | None,
) -> tuple[str, ...]:
    """Which trials ended in NaN or infinity, which finished without a row; an objective that no
    row has.

    summed: of `summary.summaries`.
    """
    what = f"{objective.channel} is" if objective else "objectives are"
    diverged = f"{what} NaN or infinite in their last row"
    found = (_diverged(trials, summed, objective), diverged), (_silent(trials, summed), "no row")
    told = [_told(those, len(trials), said) for those, said in found if those]
    return (*told, *_missing(summed, objective))


def _missing(summed: Mapping[str, TrialSummary], objective: Objective | None) -> list[str]:
    if objective is None or not summed or any(one.best is not None for one in summed.values()):
        return []
    channels = {name for one in summed.values() for shape in one.last_rows for name in shape}
    meant = did_you_mean(objective.channel, channels)
    there_are = shortened(", ".join(sorted(channels)), _LISTED)
    return [f"no row has the objective {objective.channel!r}{meant}; there are {there_are}"]


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
