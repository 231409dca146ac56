"""Repeats of a trial, grouped into mean and standard deviation."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from pylearn2core.words import did_you_mean
from sweeper.records import TrialState
from sweeper.records.errors import InputError
from sweeper.report.render import cell
from sweeper.report.summary import order
from sweeper.report.table import series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# States whose numbers are a trial's result.
DONE = (TrialState.FINISHED.value, TrialState.STOPPED.value)


def over(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Trials that differ in the value `name` alone, one line a group: mean, deviation and n.

    table: of `trials_table`.    Only trials that finished or were stopped by a rule count, n of
    them; the deviation is the sample's (ddof=1), pd.NA for n below 2. A NaN among the trials makes
    the mean NaN, one that lacks the number makes it pd.NA. Best mean first; groups with n = 0 last.
    Raises InputError if one of `names` is no axis of the run.
    """
    groups = _groups(table, names)
    metrics, mode = table.attrs["metrics"], table.attrs["mode"]
    others = _others(table, names)
    lines = [_group_line(group, others, metrics) for group in groups]
    columns = [*others, *(f"{m}_{part}" for m in metrics for part in ("mean", "std")), "n"]
    grouped = pd.DataFrame({key: series([line[key] for line in lines]) for key in columns})
    if mode is not None:
        means = grouped["best_mean"].tolist()
        places = sorted(range(len(means)), key=lambda at: _rank(means[at], mode))
        grouped = grouped.iloc[places].reset_index(drop=True)
    grouped.attrs.update(values=others, metrics=[f"{m}_mean" for m in metrics], mode=mode)
    return grouped


def _rank(mean: Any, mode: Literal["min", "max"]) -> tuple[int, float]:
    return (3, 0.0) if _lacks(mean) else order(mean, mode)


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
    states = Counter(state for state in table["state"].tolist() if state not in DONE)
    if not states:
        return None
    which = ", ".join(f"{number} {state}" for state, number in states.items())
    return f"Left out of the groups: {which}. `n` says how many trials a group has."


def _column(table: pd.DataFrame, name: str) -> str:
    names: list[str] = table.attrs["values"]
    for column in (name, f"value.{name}"):
        if column in names:
            return column
    meant = did_you_mean(name, names, "end")
    raise InputError(
        f"--over {name}: not an axis of this run{meant} Its axes:"
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
    return [line for line in group if line["state"] in DONE]


def _group_line(
    group: list[dict[str, Any]], names: Sequence[str], metrics: Sequence[str]
) -> dict[str, Any]:
    done = _done(group)
    line = {name: group[0][name] for name in names}
    for metric in metrics:
        line[f"{metric}_mean"], line[f"{metric}_std"] = _mean_std([one[metric] for one in done])
    return line | {"n": len(done)}


def _mean_std(numbers: Sequence[Any]) -> tuple[Any, Any]:
    """Mean and sample standard deviation, both of exact sums; pd.NA where there is none."""
    if not numbers or any(map(_lacks, numbers)):
        return pd.NA, pd.NA
    if not all(map(math.isfinite, numbers)):
        return float(sum(numbers)), pd.NA
    return statistics.mean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else pd.NA


def _lacks(number: Any) -> bool:
    """Whether a trial has no such number: a column without any holds None."""
    return number is None or number is pd.NA


def _identical(done: Sequence[dict[str, Any]], metrics: Sequence[str]) -> bool:
    first = done[0]
    return all(_same(line[metric], first[metric]) for line in done for metric in metrics)


def _same(one: Any, other: Any) -> bool:
    if _lacks(one) or _lacks(other):
        return _lacks(one) and _lacks(other)
    return bool(one == other or (math.isnan(one) and math.isnan(other)))
