"""Which run and which trial the user means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.runs.folder import LATEST, RUNS, RunFolder

if TYPE_CHECKING:
    from sweeper.records import TrialRecord
    from sweeper.store.base import StoreReader


def find_run(run: str | None, cwd: Path) -> Path:
    """The folder of a run: its path, its name under `cwd/runs`, or a beginning of one name.

    run: None is the latest run.    Raises InputError if there is none, or more than one.
    """
    runs = cwd / RUNS
    if run is None:
        return _latest(runs)
    for folder in (cwd / Path(run).expanduser(), runs / run):
        if RunFolder(folder).is_run:
            return folder.resolve()
        around = RunFolder(folder.parent)
        if folder in (around.store, around.snapshot) and folder.is_file():
            return around.path.resolve()
    names = _names(runs)
    meant = did_you_mean(run, names, "end")
    begun = [name for name in names if run and name.startswith(run)]
    if len(begun) == 1:
        return (runs / begun[0]).resolve()
    if begun:
        raise InputError(
            f"RUN {run}: {len(begun)} runs in {runs} begin so: {_some(begun)}. Write more of"
            " the name."
        )
    raise InputError(
        f"RUN {run}: no such run{meant} Expected a run's folder, or a name in"
        f" {runs} ({_some(names) or 'which has none'}). For a trial write its run first: RUN TRIAL."
    )


def short_name(run_dir: Path, cwd: Path) -> str:
    """What to write for RUN in `cwd` so that `find_run` gives this folder."""
    run_dir = run_dir.resolve()
    return run_dir.name if run_dir.parent == (cwd / RUNS).resolve() else str(run_dir)


def _latest(runs: Path) -> Path:
    latest = runs / LATEST
    if RunFolder(latest).is_run:
        return latest.resolve()
    names = _names(runs)
    if names:  # the link is gone, or its run was removed
        return max((runs / name for name in names), key=lambda path: path.stat().st_mtime).resolve()
    raise InputError(
        f"No run in {runs}. Launch one first (sweep launch SPEC), or name a run's folder."
    )


def _names(runs: Path) -> list[str]:
    if not runs.is_dir():
        return []
    return sorted(
        path.name for path in runs.iterdir() if path.name != LATEST and RunFolder(path).is_run
    )


def _some(names: list[str]) -> str:
    """At most five names, the newest: a name ends with its run's date."""
    return ", ".join(names[-5:]) + (", ..." if len(names) > 5 else "")


def find_trial(store: StoreReader, prefix: str) -> TrialRecord:
    """The trial whose id is, or alone begins with, `prefix` in any case; InputError otherwise."""
    trials = {trial.id: trial for trial in store.trials()}
    meant = did_you_mean(prefix, trials, "end")
    begun = [key for key in trials if key.lower().startswith(prefix.lower())] if prefix else []
    exact = [key for key in begun if key.lower() == prefix.lower()]
    if len(exact) == 1 or len(begun) == 1:
        return trials[(exact or begun)[0]]
    if begun:
        raise InputError(
            f"TRIAL {prefix}: {len(begun)} trials begin so: {', '.join(begun[:5])}"
            f"{', ...' if len(begun) > 5 else ''}. Write more of the id."
        )
    raise InputError(
        f"TRIAL {prefix}: no such trial in this run{meant} Expected an id,"
        " or its beginning, as `sweep report` shows them."
    )
