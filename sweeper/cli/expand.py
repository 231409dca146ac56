"""What `sweep expand` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylearn2core.words import counted, did_you_mean, shortened
from sweeper import spec as specs
from sweeper.cli.coming import coming_text
from sweeper.records.errors import InputError
from sweeper.report.text import printable

CELL = 100
"""Characters of the longest value that the table shows whole."""

if TYPE_CHECKING:
    from sweeper.records import Trial, Value


def expansion_text(
    path: Path, defines: Mapping[str, str], *, count_only: bool, format: str, trial: str | None
) -> str:
    """The trials of a spec file, their number, or one trial's experiment."""
    spec = specs.load(path, defines)
    if count_only:
        found = specs.count(spec)
        return size_text(found.trials, found.merged, found.dropped)
    expansion = specs.first_batch(spec)
    if trial is not None:
        return specs.resolved(spec, one_of(expansion.trials, trial), expansion.texts).rstrip("\n")
    if format == "json":
        return as_json(expansion.trials)
    if format == "yaml":
        return as_yaml(expansion.trials)
    size = size_text(len(expansion.trials), expansion.merged, expansion.dropped)
    head = coming_text(spec, len(expansion.trials)) or size
    missing = [f"a launch would not start: {one}" for one in specs.missing_names(spec, expansion)]
    notices = [printable(notice) for notice in (*expansion.notices, *missing)]
    return "\n".join([head, *notices, "", table(expansion.trials)])


def size_text(trials: int, merged: int, dropped: int) -> str:
    """`24 trials; 3 equal points merged; 2 points dropped by where`."""
    parts = [counted(trials, "trial")]
    if merged:
        parts.append(f"{counted(merged, 'equal point')} merged")
    if dropped:
        parts.append(f"{counted(dropped, 'point')} dropped by `where`")
    return "; ".join(parts)


def one_of(trials: Sequence[Trial], wanted: str) -> Trial:
    """The trial whose id starts with `wanted`. Raises InputError unless there is just one."""
    found = [trial for trial in trials if trial.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(trial.id for trial in found[:3])
        raise InputError(f"--trial {wanted}: {len(found)} trials begin with it, such as {some}.")
    near = did_you_mean(wanted, (trial.id for trial in trials), "end")
    raise InputError(
        f"--trial {wanted}: no trial of this spec has that id{near} `sweep expand SPEC` lists them."
    )


def as_json(trials: Sequence[Trial]) -> str:
    """A list of objects, one a line."""
    lines = (json.dumps(record(trial), ensure_ascii=False, default=str) for trial in trials)
    return "[\n" + ",\n".join(lines) + "\n]"


def as_yaml(trials: Sequence[Trial]) -> str:
    """The same list as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    records = [record(trial) for trial in trials]
    dumped = ""
    for as_it_is in (True, False):  # what a terminal does not get is escaped by YAML's own rules
        dumped = yaml.dump(records, Dumper=dumper, sort_keys=False, allow_unicode=as_it_is)
        if printable(dumped) == dumped:
            break
    return dumped.rstrip("\n")


def record(trial: Trial) -> dict[str, Any]:
    """A trial as plain data."""
    return {"trial": trial.id, "values": dict(trial.values)}


def table(trials: Sequence[Trial]) -> str:
    """The trials' ids and values in aligned columns."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    rows = [[trial.id, *(value_text(trial.values, name) for name in names)] for trial in trials]
    return columns([["trial", *names], *rows])


def value_text(values: Mapping[str, Value], name: str) -> str:
    """One value as the user would write it; empty where the trial has none."""
    if name not in values:
        return ""
    value = values[name]
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # A column is as wide as its widest cell, in each row. The other formats have it whole.
    return printable(shortened(shown, CELL)).replace("\n", "\\n").replace("\t", "\\t")


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Lines of left-aligned columns."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
