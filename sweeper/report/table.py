"""A run's trials as a table.

A table's `attrs` say which of its columns are what: "values" (the axes), "metrics" (numbers that
rank or describe a trial) and "mode" (the best end of the first metric; None ranks nothing).
"""

from __future__ import annotations

import heapq
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.records import TrialState
from sweeper.report.summary import TrialSummary, order, summaries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sweeper.records import Objective, TrialRecord
    from sweeper.store.base import StoreReader

# `n` is a column of groups.
_OURS = ("trial", "best", "last", "best_epoch", "epochs", "state", "duration_s", "n")
_OUT = (TrialState.FAILED, TrialState.CANCELLED)
# What a trial that has no best, or may not be ranked by it, comes after.
_GROUPS = dict.fromkeys(_OUT, 2) | dict.fromkeys((TrialState.LEASED, TrialState.PENDING), 3)


def trials_table(store: StoreReader, *, all_channels: bool = False) -> pd.DataFrame:
    """One line a trial: its values, best and last objective, best's epoch, epochs, state, seconds.

    Sorted by objective, best first, then what has none yet, then failed, then pending trials; a
    trial's numbers are those of its newest attempt, and so is its duration. What there is not is
    pd.NA: NaN was recorded.
    Without an objective: by ordinal, with the last value of each `*objective` channel.
    all_channels: also the last value of every channel.
    """
    objective, trials = store.sweep().objective, store.trials()
    summed = summaries(store, objective)
    ranked = sorted(trials, key=_rank_by(summed, objective)) if objective else trials
    return _table(
        ranked,
        summed,
        objective,
        names=_names(trials),
        seconds=_durations(store, trials),
        all_channels=all_channels,
    )


def best_trials(
    store: StoreReader, number: int, summed: Mapping[str, TrialSummary]
) -> pd.DataFrame | None:
    """The first lines of `trials_table`, up to `number`: trials with a best that did not fail.

    summed: of `summaries`.    Without durations. None where there is no such trial.
    """
    objective = store.sweep().objective
    if objective is None:
        return None
    trials = store.trials()
    good = [
        trial
        for trial in trials
        if trial.state not in _OUT and summed.get(trial.id, _NOTHING).best is not None
    ]
    best = heapq.nsmallest(number, good, key=_rank_by(summed, objective))
    return _table(best, summed, objective, names=_names(trials), seconds={}) if best else None


def _table(
    trials: Sequence[TrialRecord],
    summed: Mapping[str, TrialSummary],
    objective: Objective | None,
    *,
    names: Iterable[str],
    seconds: Mapping[str, float],
    all_channels: bool = False,
) -> pd.DataFrame:
    """A line for each of `trials`, in their order.

    names: of the run's axes.    seconds: how long each trial ran.
    """
    found = [summed.get(trial.id, _NOTHING) for trial in trials]
    columns: dict[str, Any] = {"trial": pd.Series([trial.id for trial in trials], dtype=object)}
    values = _value_columns(trials, names)
    columns |= values
    metrics = _metric_columns(found, objective, all_channels, taken={*_OURS, *values})
    columns |= metrics
    if objective:
        epochs = [summary.best_epoch for summary in found]
        columns["best_epoch"] = pd.array(epochs, dtype="Int64")
    columns["epochs"] = pd.Series([summary.epochs for summary in found], dtype="int64")
    columns["state"] = pd.Series([trial.state.value for trial in trials], dtype=object)
    columns["duration_s"] = _numbers([seconds.get(trial.id) for trial in trials])
    table = pd.DataFrame({key: columns[key] for key in _ordered(columns, metrics)})
    mode = objective.mode if objective else None
    table.attrs.update(values=list(values), metrics=list(metrics), mode=mode)
    return table


_NOTHING = TrialSummary()


def _ordered(columns: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    """Channels stand last: there may be a hundred of them."""
    channels = [key for key in metrics if key not in ("best", "last")]
    if len(channels) <= 3:
        return list(columns)
    return [key for key in columns if key not in channels] + channels


def _names(trials: Iterable[TrialRecord]) -> Iterable[str]:
    """The axes that the trials have values on."""
    return dict.fromkeys(name for trial in trials for name in trial.values)


def _value_columns(
    trials: Sequence[TrialRecord], names: Iterable[str]
) -> dict[str, pd.Series[Any]]:
    # An axis may bear the name of a column of ours: `epochs` often does.
    return {
        f"value.{name}" if name in _OURS else name: series(
            [trial.values.get(name, pd.NA) for trial in trials]
        )
        for name in names
    }


def series(values: list[Any]) -> pd.Series[Any]:
    """Numbers of one type as numbers; anything else as it is, and pd.NA where there is none."""
    kinds = {type(value) for value in values}
    if kinds == {int} and all(abs(value) < 2**63 for value in values):
        return pd.Series(values, dtype="int64")
    if kinds in ({float}, {bool}):
        return pd.Series(values)
    return pd.Series(values, dtype=object)


def _numbers(values: Sequence[float | None]) -> pd.Series[Any]:
    """Floats, and pd.NA where there is none."""
    if None in values:
        return pd.Series([pd.NA if value is None else value for value in values], dtype=object)
    return pd.Series(values, dtype=float)


def _metric_columns(
    found: Sequence[TrialSummary], objective: Objective | None, all_channels: bool, taken: set[str]
) -> dict[str, pd.Series[Any]]:
    metrics: dict[str, pd.Series[Any]] = {}
    if objective:
        metrics["best"] = _numbers([summary.best for summary in found])
        metrics["last"] = _numbers([summary.last for summary in found])
    if objective and not all_channels:
        return metrics
    finals = [summary.finals for summary in found]
    channels = dict.fromkeys(name for final in finals for name in final)
    for name in channels:
        if all_channels or fnmatch(name, "*objective"):
            metrics[_channel_column(name, taken)] = _numbers([one.get(name) for one in finals])
    return metrics


def _channel_column(name: str, taken: set[str]) -> str:
    """A channel's column, which is taken then: its name, or one that no other column has."""
    while name in taken:
        name = f"channel.{name}"
    taken.add(name)
    return name


def _durations(store: StoreReader, trials: Iterable[TrialRecord]) -> dict[str, float]:
    """Seconds of each trial's newest attempt that is over."""
    newest = {(trial.id, trial.attempts) for trial in trials}
    return {
        attempt.trial: attempt.ended - attempt.started
        for attempt in store.attempts()
        if attempt.ended is not None and (attempt.trial, attempt.number) in newest
    }


def _rank_by(
    summed: Mapping[str, TrialSummary], objective: Objective
) -> Callable[[TrialRecord], tuple[int, int, float]]:
    """A key that sorts trials best first; those that can't be ranked come last, in their order."""

    def rank(trial: TrialRecord) -> tuple[int, int, float]:
        group, best = _GROUPS.get(trial.state, 1), summed.get(trial.id, _NOTHING).best
        if group == 1 and best is not None:
            return 0, *order(best, objective.mode)
        return group, 0, 0.0

    return rank
