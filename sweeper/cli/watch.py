"""`sweep watch`: a run as its store tells it, live, from any shell that reaches its folder."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from sweeper.cli.alive import is_unheard
from sweeper.cli.conclude import conclude
from sweeper.cli.display import display
from sweeper.cli.reading import reading
from sweeper.cli.watcher import Watcher
from sweeper.driver.progress import Outcome
from sweeper.report.status import exit_code
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed

LOOK_EVERY_S = 1.0
# Reading all rows of a long run takes a while: most of the time is for who else needs the disk.
_SHARE = 5.0


def watch_run(run_dir: Path) -> int:
    """Show the run until it has ended; its exit code."""
    try:
        with display() as shown:
            watcher = Watcher(run_dir)
            while True:
                began = time.monotonic()
                progress = watcher.look()
                if progress is not None:
                    shown.update(progress)
                if watcher.is_over:
                    break
                time.sleep(max(LOOK_EVERY_S, _SHARE * (time.monotonic() - began)))
    except KeyboardInterrupt:
        run = short_name(run_dir, Path.cwd())
        typer.echo(f"The run goes on. Watch: sweep watch {run}  Stop: sweep stop {run}", err=True)
        return 130
    return _conclude(run_dir, watcher)


def _conclude(run_dir: Path, watcher: Watcher) -> int:
    """Print how the run ended; returns its exit code."""
    found = watcher.status
    if found is None:
        typer.echo(f"{run_dir}: {watcher.words or 'its driver ended and left nothing'}", err=True)
        return 3
    reason = found.sweep.reason
    if found.sweep.state == "created":
        reason = f"no driver of it runs{f': {watcher.words}' if watcher.words else ''}"
    elif found.sweep.state == "running":
        reason = f"its driver is gone{f': {watcher.words}' if watcher.words else ''}"
    with reading(run_dir) as store:
        code = exit_code(store)
    if is_unheard(found.sweep, read_placed(run_dir)):
        log = f"; its output: {RunFolder(run_dir).driver_log}" if not watcher.words else ""
        reason, code = f"its driver ended before it did anything{log or f': {watcher.words}'}", 3
    return conclude(run_dir, Outcome(code, reason, found.counts), found.elapsed_s)


def follow(run_dir: Path, *, wait: bool) -> int:
    """Say how to reach a run that goes on by itself. wait: watch it to its end."""
    run = short_name(run_dir, Path.cwd())
    typer.echo(f"Watch:  sweep watch {run}\nStop:   sweep stop {run}")
    return watch_run(run_dir) if wait else 0
