"""`sweep watch`: a run as its store tells it, live, from any shell that reaches its folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper.cli.alive import is_unheard
from sweeper.cli.conclude import conclude
from sweeper.cli.display import display
from sweeper.cli.watcher import Watcher
from sweeper.records import Ending, EndKind, Outcome
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed

if TYPE_CHECKING:
    from sweeper.records import SweepRecord

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
        return EndKind.INTERRUPTED.exit_code
    return _conclude(run_dir, watcher)


def _conclude(run_dir: Path, watcher: Watcher) -> int:
    """Print how the run ended; returns its exit code."""
    found = watcher.status
    if found is None:
        typer.echo(f"{run_dir}: {watcher.words or 'its driver ended and left nothing'}", err=True)
        return EndKind.LOST.exit_code
    ending = ending_of(run_dir, found.sweep, watcher.words)
    return conclude(run_dir, Outcome(ending, found.counts), found.elapsed_s)


def ending_of(run_dir: Path, sweep: SweepRecord, words: str) -> Ending:
    """How a run ended of which nothing more is to come. words: what its queue said last."""
    said = f": {words}" if words else ""
    if is_unheard(sweep, read_placed(run_dir)):
        log = said or f"; its output: {RunFolder(run_dir).driver_log}"
        return Ending(EndKind.LOST, f"its driver ended before it did anything{log}")
    if sweep.ending is not None:
        return sweep.ending
    how = "no driver of it runs" if sweep.state == "created" else "its driver is gone"
    return Ending(EndKind.LOST, f"{how}{said}")


def follow(run_dir: Path, *, wait: bool) -> int:
    """Say how to reach a run that goes on by itself. wait: watch it to its end."""
    run = short_name(run_dir, Path.cwd())
    typer.echo(f"Watch:  sweep watch {run}\nStop:   sweep stop {run}")
    return watch_run(run_dir) if wait else 0
