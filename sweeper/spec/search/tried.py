"""What a history comes to for a sampler: each point once, with one score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import fmean

from sweeper.records import History, Objective, PastTrial, TrialState, Value
from sweeper.spec.identity import id_of
from sweeper.spec.search.sampler import Tried


def tried(history: History, objective: Objective | None, *, repeats: bool) -> tuple[Tried, ...]:
    """The points that ended, in the order of their first trials.

    repeats: whether a point has several trials, one a seed: its score is the mean of theirs.
    """
    points: dict[str, list[PastTrial]] = {}
    for past in history.ended:
        points.setdefault(id_of(point_of(past.values, repeats)), []).append(past)
    return tuple(_tried(trials, objective, repeats) for trials in points.values())


def points_of(
    trials: Iterable[Mapping[str, Value]], *, repeats: bool
) -> tuple[Mapping[str, Value], ...]:
    """The points of trials with these values, each once."""
    points = (point_of(values, repeats) for values in trials)
    return tuple({id_of(point): point for point in points}.values())


def point_of(values: Mapping[str, Value], repeats: bool) -> Mapping[str, Value]:
    """A trial's values without the seed of its repeat."""
    if not repeats:
        return values
    return {name: value for name, value in values.items() if name != "seed"}


def _tried(trials: Iterable[PastTrial], objective: Objective | None, repeats: bool) -> Tried:
    trials = list(trials)
    point = point_of(trials[0].values, repeats)
    scores = [_score(past, objective) for past in trials]
    score = fmean(scores) if all(map(math.isfinite, scores)) else math.inf
    stopped = [_epochs(past) for past in trials if past.state is TrialState.STOPPED]
    return Tried(point, score, min(stopped) if stopped else None)


def _score(past: PastTrial, objective: Objective | None) -> float:
    """The lower the better: the best of the rows, as reports rank; of a trial that a rule stopped
    the last, by which it was judged.
    """
    values = [value for _, _, value in past.objective if not math.isnan(value)]
    if objective is None or past.state is TrialState.FAILED or not values:
        return math.inf
    sign = 1.0 if objective.mode == "min" else -1.0
    stopped = past.state is TrialState.STOPPED
    score = sign * values[-1] if stopped else min(sign * value for value in values)
    return score if math.isfinite(score) else math.inf


def _epochs(past: PastTrial) -> int:
    """How many epochs a trial was trained, over all its phases."""
    phases = {phase: epoch for phase, epoch, _ in past.objective}
    return sum(phases.values())
