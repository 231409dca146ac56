"""A run's store, opened to be read, and what it says of what the user named."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.cli.coming import to_come
from sweeper.records.errors import InputError
from sweeper.report.text import duration
from sweeper.runs.find import find_trial, short_name
from sweeper.runs.folder import RunFolder

if TYPE_CHECKING:
    from sweeper.report.status import Status
    from sweeper.store.base import StoreReader


@contextmanager
def reading(run_dir: Path) -> Iterator[StoreReader]:
    """The store of a run, to read. Raises InputError where nothing of it is here yet."""
    from sweeper.runs.open import open_to_read

    if not RunFolder(run_dir).can_be_read:
        raise InputError(
            f"{run_dir}: its driver runs elsewhere, and nothing was fetched yet. Fetch it first:"
            f" sweep fetch {short_name(run_dir, Path.cwd())}"
        )
    store = open_to_read(run_dir)
    try:
        yield store
    finally:
        store.close()


def read_status(run_dir: Path) -> Status:
    """The run's status. Raises InputError, StoreError.

    A driver may end between the reading and the look at its process, and write how before it does:
    then what was read says that it runs. So it is read again.
    """
    found = _status_now(run_dir)
    if found.sweep.state == "running" and not found.alive:
        found = _status_now(run_dir)
    return found


def _status_now(run_dir: Path) -> Status:
    from sweeper.report.status import status

    with reading(run_dir) as store:
        return replace(status(store), to_come=to_come(store))


def ids_of(run_dir: Path, trials: Sequence[str]) -> tuple[str, ...]:
    """The ids of the trials that the user means. Raises InputError."""
    if not trials:
        return ()
    with reading(run_dir) as store:
        return tuple(find_trial(store, trial).id for trial in trials)


def is_fetched(run_dir: Path) -> bool:
    """Whether what is here is a copy of a run that is elsewhere."""
    return RunFolder(run_dir).is_fetched


def tell_age(run_dir: Path) -> None:
    """Say on stderr of when a fetched copy is."""
    if not is_fetched(run_dir):
        return
    with reading(run_dir) as store:
        sweep = store.sweep()
    if sweep.ending is None:
        age = duration(max(0.0, time.time() - (sweep.heartbeat or sweep.created)))
        run = short_name(run_dir, Path.cwd())
        print(f"As it was {age} ago. The newest: sweep fetch {run}", file=sys.stderr)
