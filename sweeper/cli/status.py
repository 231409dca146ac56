"""What `sweep status` prints: the store is asked, and where the driver is elsewhere that place."""

from __future__ import annotations

from pathlib import Path

from sweeper.cli.reading import is_fetched, read_status
from sweeper.launchers.base import InProcess
from sweeper.launchers.choose import launcher_of
from sweeper.records.errors import DamageError, SweepError
from sweeper.report.text import printable
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed


def status_text(run_dir: Path) -> str:
    """How far the run is."""
    from sweeper.report.status import describe

    run, fetched = short_name(run_dir, Path.cwd()), is_fetched(run_dir)
    if fetched and not RunFolder(run_dir).has_snapshot:
        # It may wait for days, and why is all that there is to say.
        return printable(f"{run}: {place_of(run_dir)}\nnothing was fetched yet: sweep fetch {run}")
    return describe(read_status(run_dir), run, place=place_of(run_dir), fetched=fetched)


def place_of(run_dir: Path) -> str:
    """Where the run's driver was put, and what the queue says of it; "" for this machine."""
    try:
        placed = read_placed(run_dir)
    except DamageError as error:
        return str(error)  # what the store says is there all the same
    if placed is None:
        return ""
    where = f"{placed.kind} job {placed.job}"
    try:
        launcher = launcher_of(placed)
        if isinstance(launcher, InProcess):
            return ""  # the store says all of it
        job = launcher.look(placed, run_dir)
    except SweepError as error:
        return f"{where}: {error}"
    return f"{where}: {job.state}{f' ({job.words})' if job.words else ''}"
