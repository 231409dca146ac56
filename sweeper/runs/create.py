"""Making a run's folder."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sweeper.host.folders import replacing
from sweeper.records.errors import InputError
from sweeper.runs.folder import LATEST, RUNS, RunFolder

if TYPE_CHECKING:
    from pathlib import Path


def make_folder(run_dir: Path) -> None:
    """Make the folder, mode 0700. Raises InputError."""
    run = RunFolder(run_dir)
    try:
        if not run_dir.is_dir():
            run_dir.parent.mkdir(parents=True, exist_ok=True)
            run_dir.mkdir(mode=0o700)
        for folder in (run.logs, run.trials):
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{run_dir}: this run's folder can't be made: {error.strerror}. Run the command where"
            " you can write, or name another folder with --out."
        ) from error


def copy_spec(run_dir: Path, spec_text: str) -> None:
    """Put a copy of the spec into the folder. Raises InputError."""
    try:
        RunFolder(run_dir).spec.write_text(spec_text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{run_dir}: the spec can't be copied into the run's folder: {error.strerror}. Free"
            " some space, or launch into another folder with --out."
        ) from error


def point_latest(run_dir: Path) -> None:
    """Let `runs/latest` point at the run, if it lies in a folder named runs."""
    if run_dir.absolute().parent.name != RUNS:
        return
    link = run_dir.parent / LATEST
    with suppress(OSError), replacing(link) as beside:  # without links the run goes on
        beside.symlink_to(run_dir.name, target_is_directory=True)
