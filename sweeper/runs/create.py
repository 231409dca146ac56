"""A new run's folder: named, made, pointed at, and taken back where no run came of it."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.host.folders import replacing
from sweeper.records.errors import InputError
from sweeper.runs.folder import LATEST, RUNS, RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def new_run_folder(out: Path | None, name: str, *, claim: bool) -> Iterator[Path]:
    """The folder for a new run: `out`, or a new one, which goes again where no run was made there.

    claim: make the new one, so that no other launch of the same second takes it.
    """
    folder = out or new_path(name, claim=claim)
    try:
        yield folder
    finally:
        if out is None and claim:
            with suppress(OSError):
                folder.rmdir()  # that of a run is not empty
                folder.parent.rmdir()


def new_path(name: str, *, claim: bool) -> Path:
    """runs/NAME-DATE-TIME, here, with a number where that is taken."""
    stem = Path(RUNS) / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder, number = stem, 1
    while not (_claimed(folder) if claim else not folder.exists()):
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    return folder


def _claimed(folder: Path) -> bool:
    with suppress(OSError):  # whoever makes the run there says why it can't be
        folder.parent.mkdir(exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return False
    return True


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


def contents(run_dir: Path) -> set[Path] | None:
    """What is in the folder before a run is made there; None where there is no folder."""
    return set(run_dir.iterdir()) if run_dir.is_dir() else None


def take_back(run_dir: Path, before: set[Path] | None) -> None:
    """Take back a run that was not started. before: what `contents` said."""
    if before is None:
        shutil.rmtree(run_dir, ignore_errors=True)
        return
    for path in (contents(run_dir) or set()) - before:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
