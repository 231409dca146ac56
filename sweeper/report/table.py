"""A run's trials as a table, and repeats grouped into mean and standard deviation.

A table's `attrs` say which of its columns are what: "values" (the axes), "metrics" (numbers that
rank or describe a trial) and "mode" (the best end of the first metric; None ranks nothing).
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.records import TrialState
from sweeper.records.errors import InputError
from sweeper.report.history import History, histories
from sweeper.report.render import cell, render
from sweeper.report.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sweeper.records import Objective, TrialRecord
    from sweeper.store.base import StoreReader

__all__ = ["best_trials", "over", "render", "repeats_notice", "trials_table"]

# `n` is a column of groups.
_OURS = ("trial", "best", "last", "best_epoch", "epochs", "state", "duration_s", "n")
# States whose numbers are a trial's result.
_DONE = (TrialState.FINISHED.value, TrialState.STOPPED.value)
_OUT = (TrialState.FAILED, TrialState.CANCELLED)
# What a trial that has no best, or may not be ranked by it, comes after.
_GROUPS = dict.fromkeys(_OUT, 2) | dict.fromkeys((TrialState.LEASED, TrialState.PENDING), 3)


def trials_table(store: StoreReader, *, all_channels: bool = False) -> pd.DataFrame:
    """One line a trial: its values, best and last objective, best's epoch, epochs, state, seconds.

    Sorted by objective, best first, then what has none yet, then failed, then pending trials; a
    trial's numbers are those of its newest attempt, and so is its duration, NaN while it runs.
    Without an objective: by ordinal, with the last value of each `*objective` channel.
    all_channels: also the last value of every channel.
    """
    objective, trials = store.sweep().objective, store.trials()
    summed = histories(store, objective)
    ranked = sorted(trials, key=_rank_by(summed, objective)) if objective else trials
    return _table(
        ranked,
        summed,
        objective,
        names=_names(trials),
        seconds=_durations(store, trials),
        all_channels=all_channels,
    )


def best_trials(store: StoreReader, number: int) -> pd.DataFrame | None:
    """The first lines of `trials_table`, up to `number`: trials with a best that did not fail.

    Without durations. None where there is no such trial.
    """
    objective = store.sweep().objective
    if objective is None:
        return None
    trials, summed = store.trials(), histories(store, objective)
    good = [
        trial
        for trial in trials
        if trial.state not in _OUT and not math.isnan(summed.get(trial.id, _NOTHING).best)
    ]
    best = heapq.nsmallest(number, good, key=_rank_by(summed, objective))
    return _table(best, summed, objective, names=_names(trials), seconds={}) if best else None


def _table(
    trials: Sequence[TrialRecord],
    summed: Mapping[str, History],
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
        epochs = [history.best_epoch for history in found]
        columns["best_epoch"] = pd.array(epochs, dtype="Int64")
    columns["epochs"] = pd.Series([history.epochs for history in found], dtype="int64")
    columns["state"] = pd.Series([trial.state.value for trial in trials], dtype=object)
    durations = [seconds.get(trial.id, math.nan) for trial in trials]
    columns["duration_s"] = pd.Series(durations, dtype=float)
    table = pd.DataFrame({key: columns[key] for key in _ordered(columns, metrics)})
    mode = objective.mode if objective else None
    table.attrs.update(values=list(values), metrics=list(metrics), mode=mode)
    return table


_NOTHING = History()


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
        f"value.{name}" if name in _OURS else name: _series(
            [trial.values.get(name, pd.NA) for trial in trials]
        )
        for name in names
    }


def _series(values: list[Any]) -> pd.Series[Any]:
    """Numbers of one type as numbers; anything else as it is, and pd.NA where there is none."""
    kinds = {type(value) for value in values}
    if kinds == {int} and all(abs(value) < 2**63 for value in values):
        return pd.Series(values, dtype="int64")
    if kinds in ({float}, {bool}):
        return pd.Series(values)
    return pd.Series(values, dtype=object)


def _metric_columns(
    found: Sequence[History], objective: Objective | None, all_channels: bool, taken: set[str]
) -> dict[str, pd.Series[float]]:
    metrics: dict[str, pd.Series[float]] = {}
    if objective:
        metrics["best"] = pd.Series([history.best for history in found], dtype=float)
        metrics["last"] = pd.Series([history.last for history in found], dtype=float)
    if objective and not all_channels:
        return metrics
    finals = [history.finals for history in found]
    channels = dict.fromkeys(name for final in finals for name in final)
    for name in channels:
        if all_channels or fnmatch(name, "*objective"):
            numbers = [final.get(name, math.nan) for final in finals]
            metrics[_channel_column(name, taken)] = pd.Series(numbers)
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
    summed: Mapping[str, History], objective: Objective
) -> Callable[[TrialRecord], tuple[int, float]]:
    """A key that sorts trials best first; those that can't be ranked come last, in their order."""
    sign = 1.0 if objective.mode == "min" else -1.0

    def rank(trial: TrialRecord) -> tuple[int, float]:
        group, best = _GROUPS.get(trial.state, 1), summed.get(trial.id, _NOTHING).best
        if group == 1 and not math.isnan(best):
            return 0, sign * best
        return group, 0.0

    return rank


# ------------------------------------------------------------------ repeats
def over(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Trials that differ in the value `name` alone, one line a group: mean, deviation and n.

    table: of `trials_table`.    Only trials that finished or were stopped by a rule count, n of
    them; the deviation is the sample's (ddof=1), NaN for n below 2. A NaN among the trials makes
    the mean NaN. Best mean first; groups with n = 0 last.
    Raises InputError if one of `names` is no axis of the run.
    """
    groups = _groups(table, names)
    metrics, mode = table.attrs["metrics"], table.attrs["mode"]
    others = _others(table, names)
    lines = [_group_line(group, others, metrics) for group in groups]
    columns = [*others, *(f"{m}_{part}" for m in metrics for part in ("mean", "std")), "n"]
    grouped = pd.DataFrame({key: _series([line[key] for line in lines]) for key in columns})
    if mode is not None:
        sign = 1.0 if mode == "min" else -1.0
        means = grouped["best_mean"].tolist()
        order = sorted(range(len(means)), key=lambda at: (math.isnan(means[at]), sign * means[at]))
        grouped = grouped.iloc[order].reset_index(drop=True)
    grouped.attrs.update(values=others, metrics=[f"{m}_mean" for m in metrics], mode=mode)
    return grouped


def repeats_notice(table: pd.DataFrame, *names: str) -> str | None:
    """A paragraph if repeats over `names` all gave the same numbers, so that repeating is vain."""
    metrics = table.attrs["metrics"]
    repeated = [done for group in _groups(table, names) if len(done := _done(group)) > 1]
    if not metrics or not repeated or not all(_identical(done, metrics) for done in repeated):
        return None
    where = (
        "write {{ seed }} where the model, the algorithm and the dataset take their seed"
        if names == ("seed",)
        else f"write {', '.join(f'{{{{ {name} }}}}' for name in names)} where it should act"
    )
    name = " and ".join(names)
    return (
        f"The repeats are identical: trials that differ in {name} alone gave the same numbers"
        f" in {'the only group' if len(repeated) == 1 else f'all {len(repeated)} groups'} that"
        f" repeat{'s' if len(repeated) == 1 else ''}. The experiment does not use {name} where it"
        f" matters: {where}."
    )


def left_out(table: pd.DataFrame) -> str | None:
    """A paragraph if trials did not come to a good end: groups of repeats do without them."""
    states = Counter(state for state in table["state"].tolist() if state not in _DONE)
    if not states:
        return None
    which = ", ".join(f"{number} {state}" for state, number in states.items())
    return f"Left out of the groups: {which}. `n` says how many trials a group has."


def _column(table: pd.DataFrame, name: str) -> str:
    names: list[str] = table.attrs["values"]
    for column in (name, f"value.{name}"):
        if column in names:
            return column
    raise InputError(
        f"--over {name}: not an axis of this run{did_you_mean(name, names)} Its axes:"
        f" {', '.join(names) or 'none, it varies nothing'}."
    )


def _others(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The axes that tell groups apart: all but `names`."""
    columns = {_column(table, name) for name in names}
    return [key for key in table.attrs["values"] if key not in columns]


def _groups(table: pd.DataFrame, names: Sequence[str]) -> list[list[dict[str, Any]]]:
    others = _others(table, names)
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for line in table.to_dict("records"):
        # By type and text: 1, 1.0, True and "1" are four values, and a list can't be hashed.
        key = tuple(f"{type(line[other]).__name__} {cell(line[other])}" for other in others)
        groups.setdefault(key, []).append({str(k): v for k, v in line.items()})
    return list(groups.values())


def _done(group: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in group if line["state"] in _DONE]


def _group_line(
    group: list[dict[str, Any]], names: Sequence[str], metrics: Sequence[str]
) -> dict[str, Any]:
    done = _done(group)
    line = {name: group[0][name] for name in names}
    for metric in metrics:
        numbers = [float(trial[metric]) for trial in done]
        line[f"{metric}_mean"], line[f"{metric}_std"] = _mean_std(numbers)
    return line | {"n": len(done)}


def _mean_std(numbers: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation, in two passes so that close numbers keep digits."""
    if not numbers:
        return math.nan, math.nan
    mean = math.fsum(numbers) / len(numbers) if all(map(math.isfinite, numbers)) else sum(numbers)
    if len(numbers) < 2 or not math.isfinite(mean):
        return mean, math.nan
    squares = math.fsum((number - mean) ** 2 for number in numbers)
    return mean, math.sqrt(squares / (len(numbers) - 1))


def _identical(done: Sequence[dict[str, Any]], metrics: Sequence[str]) -> bool:
    first = done[0]
    return all(_same(line[metric], first[metric]) for line in done for metric in metrics)


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
