"""`sweep retry`: trials that are over wait for the next driver again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pylearn2core.words import counted
from sweeper.cli.reading import ids_of, reading
from sweeper.records import TrialState
from sweeper.records.errors import InputError
from sweeper.runs.find import short_name
from sweeper.runs.folder import RunFolder


def retry_trials(run_dir: Path, trials: Sequence[str]) -> str:
    """Let failed or cancelled trials, all that failed where none is named, be tried again."""
    from sweeper import driver

    ids = ids_of(run_dir, trials)
    if not ids:
        with reading(run_dir) as store:
            ids = tuple(one.id for one in store.trials() if one.state is TrialState.FAILED)
    if not RunFolder(run_dir).has_store:
        raise InputError(f"{run_dir}: its store is elsewhere: trials can't be reopened from here.")
    again = driver.retry(run_dir, ids)
    if not again:
        return "none of these trials failed or was cancelled" if trials else (
            "no trial failed: nothing is to be tried again (a cancelled one has to be named)"
        )  # fmt: skip
    run = short_name(run_dir, Path.cwd())
    return f"{counted(len(again), 'trial')} to be tried again: sweep resume {run}"
