"""What is about to run, for a person to check."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pylearn2core.words import counted
from sweeper import spec as specs
from sweeper.cli.coming import coming_text
from sweeper.cli.expand import size_text
from sweeper.cli.say import shown_path
from sweeper.launchers.cluster import joined
from sweeper.report.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.records import Resources, SweepSpec
    from sweeper.spec import Expansion, Spec
    from sweeper.spec.search.config import Search


def announcement(
    spec: Spec,
    expansion: Expansion,
    run_dir: Path,
    workers: int | None,
    on: str | None = None,
) -> str:
    """What is about to run, for a person to check.

    expansion: its first batch.    on: where, None for this machine.
    """
    header, trials = spec.header, len(expansion.trials)
    size = coming_text(spec, trials) or size_text(trials, expansion.merged, expansion.dropped)
    names = variety(expansion) if spec.search is None else searched(spec.search)
    at_once = specs.at_once(specs.source_of(spec), trials)
    lines = [
        f"{header.name}: {size}",
        f"  varied     {', '.join(names)}",
        f"  workers    {workers_text(header, workers, at_once, on)}",
        f"  folder     {shown_path(run_dir)}",
    ]
    if header.objective:
        best = "lowest" if header.objective.mode == "min" else "highest"
        lines.append(f"  objective  {header.objective.channel}, the {best} is best")
    lines += [f"  notice     {notice}" for notice in expansion.notices]
    return printable("\n".join(lines))


def variety(expansion: Expansion) -> list[str]:
    """For each name, how many values it takes: `learning_rate (4)`."""
    values: dict[str, set[str]] = {}
    for trial in expansion.trials:
        for name, value in trial.values.items():
            values.setdefault(name, set()).add(json.dumps(value, default=str))
    return [f"{name} ({len(found)})" for name, found in values.items()]


def searched(search: Search) -> list[str]:
    """The axes of a search: `dim_2 (when layers >= 2)`."""
    return [
        f"{axis.name} (when {axis.when})" if axis.when is not None else axis.name
        for axis in search.space.axes
    ]


def workers_text(header: SweepSpec, workers: int | None, trials: int, on: str | None = None) -> str:
    """How many workers there will be, and what each is given."""
    from sweeper.launchers.cluster.private import PrivateCluster

    wanted = workers or header.workers
    given = joined.given_in(os.environ)
    place = on or (given and f"{given} (by {joined.ADDRESS}; without it, this machine)")
    if place:
        number = f"{wanted or 'as many as fit'} on {place}"
    else:
        number = str(PrivateCluster(header.resources, wanted=wanted, trials=trials).workers)
    return f"{number}, each with {resources_text(header.resources)}"


def resources_text(resources: Resources) -> str:
    """`1 core, no GPU`."""
    cores = counted(resources.cpus, "core")
    if not resources.gpus:
        return f"{cores}, no GPU"
    return f"{cores}, {resources.gpus:g} GPU{'s' * (resources.gpus > 1)}"
