"""`sweep stop`: a driver is asked to end, or to end some trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweeper.cli.reading import ids_of
from sweeper.launchers.choose import launcher_of, placed_of
from sweeper.records.errors import InputError
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder


def stop_run(run_dir: Path, trials: Sequence[str]) -> str:
    """Ask a run's driver to end, or to end some trials; what was done."""
    placed = placed_of(run_dir)
    ids = ids_of(run_dir, trials)
    launcher = launcher_of(placed)
    if launcher.look(placed, run_dir).state in ("waiting", "running"):
        return launcher.stop(placed, run_dir, ids)
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
