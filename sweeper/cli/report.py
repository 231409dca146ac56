"""What `sweep show` and `sweep report` print: the store is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.cli.reading import read_status, reading, tell_age
from sweeper.records.errors import InputError
from sweeper.runs.find import find_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def show_text(run: str | None, trial: str | None) -> str:
    """A run, or one trial. One name alone may be a run's, or that of a trial of the latest run."""
    from sweeper.report.show import show_run, show_trial

    here = Path.cwd()
    try:
        run_dir = find_run(run, here)
    except InputError as no_such_run:
        if run is None or trial is not None:
            raise
        try:
            latest = find_run(None, here)
            tell_age(latest)
            with reading(latest) as store:
                return show_trial(store, latest, run)
        except InputError:
            raise no_such_run from None
    tell_age(run_dir)
    found = None if trial else read_status(run_dir)
    with reading(run_dir) as store:
        return show_trial(store, run_dir, trial) if trial else show_run(store, run_dir, found)


def report_text(run_dir: Path, *, over: Sequence[str], format: str, all_channels: bool) -> str:
    """The run's trials, best first, or its groups of repeats."""
    from sweeper.report import repeats
    from sweeper.report.render import find_format
    from sweeper.report.table import trials_table

    way = find_format(format)
    tell_age(run_dir)
    with reading(run_dir) as store:
        table = trials_table(store, all_channels=all_channels)
    if not over:
        return way.write(for_reading(table) if way.is_for_reading else table)
    # Beside the table, so that a file of CSV or JSON stays one.
    for notice in filter(None, (repeats.repeats_notice(table, *over), repeats.left_out(table))):
        print(notice, file=sys.stderr)
    return way.write(repeats.over(table, *over))


def for_reading(table: pd.DataFrame) -> pd.DataFrame:
    """The table with durations that a person reads: fewer digits, a shorter head."""
    import pandas as pd

    if "seconds" in table:  # an axis or a channel of the user's
        return table
    short = table.rename(columns={"duration_s": "seconds"})
    seconds = [one if one is pd.NA else round(one, 2) for one in short["seconds"].tolist()]
    return short.assign(seconds=pd.Series(seconds, dtype=object))
