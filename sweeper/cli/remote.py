"""`sweep fetch` and `sweep down`: what is asked of where a run was put."""

from __future__ import annotations

from pathlib import Path

from sweeper.launchers.base import InProcess
from sweeper.launchers.choose import launcher_of, placed_of
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder


def fetch_run(run_dir: Path) -> str:
    """Bring the newest snapshot of a run that is elsewhere; what was done."""
    placed = placed_of(run_dir)
    launcher, run = launcher_of(placed), short_name(run_dir, Path.cwd())
    if launcher.has_folder or RunFolder(run_dir).has_store:
        return f"{run} is on this disk: there is nothing to fetch"
    launcher.fetch(placed, run_dir)
    return f"fetched the newest snapshot: sweep report {run}"


def give_back(run_dir: Path) -> str:
    """End what a run holds elsewhere; what was done."""
    placed = placed_of(run_dir)
    launcher = launcher_of(placed)
    if isinstance(launcher, InProcess):
        return "this run holds nothing elsewhere (`sweep stop` ends a driver on this machine)"
    return launcher.down(placed, run_dir)
