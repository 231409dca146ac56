"""What `sweep status`, `sweep show` and `sweep report` print: the store alone is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.errors import InputError
from sweeper.records import TrialState
from sweeper.report.find import find_run, short_name
from sweeper.report.text import printable

if TYPE_CHECKING:
    import pandas as pd

    from sweeper.store.base import StoreReader


@contextmanager
def reading(run_dir: Path) -> Iterator[StoreReader]:
    """The store of a run, to read."""
    from sweeper.store.sql import SqlStore

    store = SqlStore.read(run_dir)
    try:
        yield store
    finally:
        store.close()


def status(run_dir: Path) -> str:
    """How far the run is."""
    from sweeper.report import status as report

    with reading(run_dir) as store:
        return report.describe(report.status(store), short_name(run_dir, Path.cwd()))


def show(run: str | None, trial: str | None) -> str:
    """A run, or one trial. One name alone may be a run's, or that of a trial of the latest run."""
    from sweeper.report.show import show_run, show_trial

    here = Path.cwd()
    try:
        run_dir = find_run(run, here)
    except InputError as no_such_run:
        if run is None or trial is not None:
            raise
        try:
            with reading(find_run(None, here)) as store:
                return show_trial(store, find_run(None, here), run)
        except InputError:
            raise no_such_run from None
    with reading(run_dir) as store:
        return show_trial(store, run_dir, trial) if trial else show_run(store, run_dir)


def report(run_dir: Path, *, over: str | None, format: str, all_channels: bool) -> str:
    """The run's trials, best first, or its groups of repeats."""
    from sweeper.report import table as tables

    with reading(run_dir) as store:
        table = tables.trials_table(store, all_channels=all_channels)
    if over is None:
        return tables.render(for_reading(table) if format in {"table", "md"} else table, format)
    # Beside the table, so that a file of CSV or JSON stays one.
    for notice in filter(None, (tables.repeats_notice(table, over), tables.left_out(table))):
        print(notice, file=sys.stderr)
    return tables.render(tables.over(table, over), format)


def for_reading(table: pd.DataFrame) -> pd.DataFrame:
    """The table with durations that a person reads: fewer digits, a shorter head."""
    if "seconds" in table:  # an axis or a channel of the user's
        return table
    short = table.rename(columns={"duration_s": "seconds"})
    return short.assign(seconds=short["seconds"].round(2))


def best(run_dir: Path, number: int) -> str:
    """The best trials that did not fail, as a short table; "" where nothing ranks them."""
    from sweeper.report import table as tables

    with reading(run_dir) as store:
        table = tables.trials_table(store)
    if "best" not in table:
        return ""
    columns = ["trial", *table.attrs["values"], "best", "best_epoch", "last", "epochs"]
    is_out = table["state"].isin([TrialState.FAILED.value, TrialState.CANCELLED.value])
    ranked = table[table["best"].notna() & ~is_out][columns].head(number)
    return "" if ranked.empty else tables.render(ranked)


def failures(run_dir: Path, run: str, number: int) -> str:
    """How many trials failed and why the first ones did; "" where none did.

    run: how the user names the run.
    """
    from sweeper.report.status import failure_lines, status

    with reading(run_dir) as store:
        found = status(store)
    failed, total = len(found.failures), sum(found.counts.values())
    if not failed:
        return ""
    some = ", the first of them" if failed > number else ""
    told = failure_lines(found.failures[:number], run)
    return printable(f"{failed} of {total} trials failed{some}:\n{told}")
