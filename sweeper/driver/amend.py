"""What users change of a run's trials while no driver runs: cancelled, or to be tried again."""

from __future__ import annotations

import os
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

from sweeper.driver.remaining import put_back
from sweeper.records import Ending, EndKind, TrialChanged, TrialState
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_drive, parts_with_store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sweeper.records import SweepRecord, SweepState
    from sweeper.store.base import Store


def cancel(run_dir: Path, trials: Collection[str]) -> list[str]:
    """Cancel trials; those that were not over.

    Raises StoreBusyError while a driver lives.
    """
    return _amend(run_dir, trials, _cancel)


def retry(run_dir: Path, trials: Collection[str]) -> list[str]:
    """Let trials that failed or were cancelled wait again; those that did.

    Raises StoreBusyError while a driver lives.
    """
    return _amend(run_dir, trials, _reopen)


def _reopen(store: Store, generation: int, trials: Collection[str]) -> list[str]:
    return store.reopen(generation, trials)


def _cancel(store: Store, generation: int, trials: Collection[str]) -> list[str]:
    now = time.time()
    unwanted = [trial.id for trial in store.unfinished() if trial.id in trials]
    store.write(generation, [TrialChanged(one, TrialState.CANCELLED, now) for one in unwanted])
    return unwanted


def _amend(
    run_dir: Path,
    trials: Collection[str],
    change: Callable[[Store, int, Collection[str]], Collection[str]],
) -> list[str]:
    """Claim each store of the run, change it, and leave it as if no driver had been there."""
    changed: set[str] = set()
    left = set(trials)
    # The run's own store last: it goes on saying "pending" of trials that a part's store holds.
    for folder in (*parts_with_store(run_dir), run_dir):
        # A run whose driver published copies goes on doing so: they must not fall behind.
        published = True if RunFolder(folder).has_snapshot else None
        with closing(open_to_drive(folder, published=published)) as store:
            before = store.sweep()
            generation = store.claim(socket.gethostname(), os.getpid(), time.time())
            store.write(generation, put_back(store))
            changed.update(change(store, generation, left))
            left -= {trial.id for trial in store.trials()}
            store.finish(generation, _left_as(before, store), before.heartbeat)
    return [trial for trial in trials if trial in changed]


def _left_as(before: SweepRecord, store: Store) -> SweepState:
    """The run's state now: not finished where a trial waits."""
    is_left = any(number for state, number in store.counts().items() if not state.is_final)
    if before.state == "running":
        return Ending(EndKind.INTERRUPTED, "its driver was gone")
    if before.ending and before.ending.kind is EndKind.FINISHED and is_left:
        return Ending(EndKind.INTERRUPTED, "some trials wait to be tried again")
    return before.state
