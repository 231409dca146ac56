"""What `sweep status`, `sweep show` and `sweep report` print: the store is asked.

Of a run whose driver was put elsewhere `sweep status` asks there too, for a moment.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records import TrialState
from sweeper.records.errors import InputError, SweepError
from sweeper.report.text import duration, printable
from sweeper.runs.find import find_run, short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sweeper.store.base import StoreReader


@contextmanager
def reading(run_dir: Path) -> Iterator[StoreReader]:
    """The store of a run, to read. Raises InputError where nothing of it is here yet."""
    from sweeper.runs.open import open_to_read

    if not RunFolder(run_dir).can_be_read:
        raise InputError(
            f"{run_dir}: its driver runs elsewhere, and nothing was fetched yet. Fetch it first:"
            f" sweep fetch {short_name(run_dir, Path.cwd())}"
        )
    store = open_to_read(run_dir)
    try:
        yield store
    finally:
        store.close()


def status(run_dir: Path) -> str:
    """How far the run is."""
    from sweeper.report import status as report

    run, fetched = short_name(run_dir, Path.cwd()), is_fetched(run_dir)
    if fetched and not RunFolder(run_dir).has_snapshot:
        # It may wait for days, and why is all that there is to say.
        return printable(f"{run}: {place_of(run_dir)}\nnothing was fetched yet: sweep fetch {run}")
    with reading(run_dir) as store:
        found = report.status(store)
    return report.describe(found, run, place=place_of(run_dir), fetched=fetched)


def is_fetched(run_dir: Path) -> bool:
    """Whether what is here is a copy of a run that is elsewhere."""
    return RunFolder(run_dir).is_fetched


def tell_age(run_dir: Path) -> None:
    """Say on stderr of when a fetched copy is."""
    if not is_fetched(run_dir):
        return
    with reading(run_dir) as store:
        sweep = store.sweep()
    if sweep.state in ("created", "running"):
        age = duration(max(0.0, time.time() - (sweep.heartbeat or sweep.created)))
        run = short_name(run_dir, Path.cwd())
        print(f"As it was {age} ago. The newest: sweep fetch {run}", file=sys.stderr)


def place_of(run_dir: Path) -> str:
    """Where the run's driver was put, and what the queue says of it; "" for this machine."""
    placed = read_placed(run_dir)
    if placed is None or placed.kind == "local":
        return ""
    where = f"{placed.kind} job {placed.job}"
    try:
        from sweeper.launchers.choose import launcher_of

        job = launcher_of(placed).look(placed)
    except SweepError as error:
        return f"{where}: {error}"
    return f"{where}: {job.state}{f' ({job.words})' if job.words else ''}"


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
            latest = find_run(None, here)
            tell_age(latest)
            with reading(latest) as store:
                return show_trial(store, latest, run)
        except InputError:
            raise no_such_run from None
    tell_age(run_dir)
    with reading(run_dir) as store:
        return show_trial(store, run_dir, trial) if trial else show_run(store, run_dir)


def report(run_dir: Path, *, over: Sequence[str], format: str, all_channels: bool) -> str:
    """The run's trials, best first, or its groups of repeats."""
    from sweeper.report import table as tables

    tell_age(run_dir)
    with reading(run_dir) as store:
        table = tables.trials_table(store, all_channels=all_channels)
    if not over:
        return tables.render(for_reading(table) if format in {"table", "md"} else table, format)
    # Beside the table, so that a file of CSV or JSON stays one.
    for notice in filter(None, (tables.repeats_notice(table, *over), tables.left_out(table))):
        print(notice, file=sys.stderr)
    return tables.render(tables.over(table, *over), format)


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
        table = tables.best_trials(store, number)
    if table is None:
        return ""
    columns = ["trial", *table.attrs["values"], "best", "best_epoch", "last", "epochs"]
    return tables.render(table[columns])


def failures(run_dir: Path, run: str, number: int) -> str:
    """How many trials failed and why the first ones did; "" where none did.

    run: how the user names the run.
    """
    from sweeper.report.status import alike, failed_trials, failure_lines

    with reading(run_dir) as store:
        counts = store.counts()
        if not counts[TrialState.FAILED]:
            return ""
        found, total = failed_trials(store), sum(counts.values())
    kinds = alike(found)
    some = ", the first of them" if len(kinds) > number else ""
    told = failure_lines(kinds[:number], run)
    return printable(f"{len(found)} of {total} trials failed{some}:\n{told}")
