"""`sweep stop`, `sweep fetch` and `sweep down`: what reaches a run from another shell."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.cli.report import reading
from sweeper.host import processes
from sweeper.launchers import folder
from sweeper.launchers.choose import launcher_of
from sweeper.records import TrialState
from sweeper.records.errors import InputError
from sweeper.report.find import find_trial, short_name
from sweeper.store.base import STORE_FILE
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from sweeper.launchers.base import Placed
    from sweeper.records import SweepRecord


def stop(run_dir: Path, trials: Sequence[str]) -> str:
    """Ask a run's driver to end, or to end some trials; what was done."""
    placed = folder.read_placed(run_dir)
    ids = named(run_dir, trials)
    if placed is not None and placed.kind != "local":
        if launcher_of(placed).look(placed).state in ("waiting", "running"):
            return launcher_of(placed).stop(placed, run_dir, ids)
    elif driver_is_here(run_dir, placed):
        folder.send_control(run_dir, "stop", ids)
        return f"asked the driver to end {', '.join(ids)}" if ids else (
            "asked the driver to end: what runs is saved, `sweep resume` goes on with it"
        )  # fmt: skip
    return _without_driver(run_dir, ids)


def _without_driver(run_dir: Path, ids: tuple[str, ...]) -> str:
    if not ids:
        return f"no driver of {short_name(run_dir, Path.cwd())} runs: there is nothing to stop"
    if not (run_dir / STORE_FILE).is_file():
        raise InputError(
            f"{run_dir}: no driver of it runs, and its store is elsewhere: trials of it can be"
            " cancelled while it runs. Go on with it first: sweep resume."
        )
    from sweeper import driver

    cancelled = driver.cancel(run_dir, ids)
    rest = [trial for trial in ids if trial not in cancelled]
    told = [f"cancelled: {', '.join(cancelled)}"] if cancelled else []
    told += [f"over already: {', '.join(rest)}"] if rest else []
    return "; ".join(told)


def retry(run_dir: Path, trials: Sequence[str]) -> str:
    """Let failed or cancelled trials, all that failed where none is named, be tried again."""
    from sweeper import driver

    ids = named(run_dir, trials)
    if not ids:
        with reading(run_dir) as store:
            ids = tuple(one.id for one in store.trials() if one.state is TrialState.FAILED)
    if not (run_dir / STORE_FILE).is_file():
        raise InputError(f"{run_dir}: its store is elsewhere: trials can't be reopened from here.")
    again = driver.retry(run_dir, ids)
    if not again:
        return "none of these trials failed or was cancelled" if trials else (
            "no trial failed: nothing is to be tried again (a cancelled one has to be named)"
        )  # fmt: skip
    number = f"{len(again)} trial{'s' * (len(again) != 1)}"
    return f"{number} to be tried again: sweep resume {short_name(run_dir, Path.cwd())}"


def named(run_dir: Path, trials: Sequence[str]) -> tuple[str, ...]:
    """The ids of the trials that the user means. Raises InputError."""
    if not trials:
        return ()
    with reading(run_dir) as store:
        return tuple(find_trial(store, trial).id for trial in trials)


def driver_is_here(run_dir: Path, placed: Placed | None) -> bool:
    """Whether a driver of a run on this disk lives, or is about to begin."""
    with reading(run_dir) as store:
        sweep = store.sweep()
    if driver_lives(sweep, host=socket.gethostname(), now=time.time()):
        return True
    if placed is None or not is_unheard(sweep, placed):
        return False
    return processes.lives(int(placed.job), placed.started)


def is_unheard(sweep: SweepRecord, placed: Placed | None) -> bool:
    """Whether the driver that was put there last has not said anything in the store yet."""
    return placed is not None and sweep.heartbeat < placed.started


def fetch(run_dir: Path) -> str:
    """Bring the newest snapshot of a run that is elsewhere; what was done."""
    placed = folder.read_placed(run_dir)
    run = short_name(run_dir, Path.cwd())
    if placed is None or placed.kind == "local" or (run_dir / STORE_FILE).is_file():
        return f"{run} is on this disk: there is nothing to fetch"
    launcher_of(placed).fetch(placed, run_dir)
    return f"fetched the newest snapshot: sweep report {run}"


def down(run_dir: Path) -> str:
    """End what a run holds elsewhere; what was done."""
    placed = folder.read_placed(run_dir)
    if placed is None or placed.kind == "local":
        return "this run holds nothing elsewhere (`sweep stop` ends a driver on this machine)"
    return launcher_of(placed).down(placed)
