"""`sweep stop`: a driver is asked to end, or to end some trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweeper.cli.alive import driver_is_here
from sweeper.cli.reading import ids_of
from sweeper.launchers.choose import launcher_of
from sweeper.records.errors import InputError
from sweeper.runs.control import send_control
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed


def stop_run(run_dir: Path, trials: Sequence[str]) -> str:
    """Ask a run's driver to end, or to end some trials; what was done."""
    placed = read_placed(run_dir)
    ids = ids_of(run_dir, trials)
    if placed is not None and placed.kind != "local":
        if launcher_of(placed).look(placed).state in ("waiting", "running"):
            return launcher_of(placed).stop(placed, run_dir, ids)
    elif driver_is_here(run_dir, placed):
        send_control(run_dir, "stop", ids)
        return f"asked the driver to end {', '.join(ids)}" if ids else (
            "asked the driver to end: what runs is saved, `sweep resume` goes on with it"
        )  # fmt: skip
    return _without_driver(run_dir, ids)


def _without_driver(run_dir: Path, ids: tuple[str, ...]) -> str:
    if not ids:
        return f"no driver of {short_name(run_dir, Path.cwd())} runs: there is nothing to stop"
    if not RunFolder(run_dir).has_store:
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
