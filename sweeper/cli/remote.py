"""`sweep fetch` and `sweep down`: what is asked of where a run was put."""

from __future__ import annotations

from pathlib import Path

from sweeper.launchers.choose import launcher_of
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed


def fetch_run(run_dir: Path) -> str:
    """Bring the newest snapshot of a run that is elsewhere; what was done."""
    placed = read_placed(run_dir)
    run = short_name(run_dir, Path.cwd())
    if placed is None or placed.kind == "local" or RunFolder(run_dir).has_store:
        return f"{run} is on this disk: there is nothing to fetch"
    launcher_of(placed).fetch(placed, run_dir)
    return f"fetched the newest snapshot: sweep report {run}"


def give_back(run_dir: Path) -> str:
    """End what a run holds elsewhere; what was done."""
    placed = read_placed(run_dir)
    if placed is None or placed.kind == "local":
        return "this run holds nothing elsewhere (`sweep stop` ends a driver on this machine)"
    return launcher_of(placed).down(placed)
