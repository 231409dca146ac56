"""What is left of a run for one driver, as the run's store tells it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.driver.cohorts import cohorts_of
from sweeper.driver.groups import groups_of
from sweeper.driver.roster import Todo
from sweeper.records import (
    AttemptEnded,
    AttemptState,
    ExperimentText,
    SweepSpec,
    TrialChanged,
    TrialState,
)
from sweeper.runs.folder import RunFolder
from sweeper.scheduler import Tally
from sweeper.store.batches import split

if TYPE_CHECKING:
    from sweeper.records import Change, SweepRecord, TrialRecord
    from sweeper.store.base import StoreReader


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a run.

    batches: of each batch, the trials that are left, by ordinal.
    counts: of the run's trials, by state, before this driver.
    """

    run_dir: Path
    spec_path: Path
    header: SweepSpec
    batches: Sequence[Sequence[Todo]]
    texts: Mapping[str, ExperimentText]
    counts: Mapping[TrialState, int]

    @property
    def total(self) -> int:
        """All trials of the run so far."""
        return sum(self.counts.values())

    @property
    def tally(self) -> Tally:
        """The trials that came to their ends before this driver."""
        return Tally(
            finished=self.counts[TrialState.FINISHED] + self.counts[TrialState.STOPPED],
            failed=self.counts[TrialState.FAILED],
            cancelled=self.counts[TrialState.CANCELLED],
        )

    @property
    def has_history(self) -> bool:
        """Whether rows may be recorded already."""
        return self.tally.done > 0 or any(one.number > 1 for batch in self.batches for one in batch)


def what_is_left(
    run_dir: Path, store: StoreReader, record: SweepRecord, header: SweepSpec, made: StoreReader
) -> Remaining:
    """The trials that are not over.

    made: the store that holds all trials of the run, from which the packs follow.
    """
    there = {trial.id: trial for trial in store.trials()}
    run = RunFolder(run_dir)
    begun = run.begun()
    batches = []
    for batch in split(made.proposed(), made.batches()):
        groups = groups_of(header, batch, record.texts)
        left = [one for one in batch if one.id in there and not there[one.id].state.is_final]
        numbers = [_next_number(run, begun, there[one.id]) for one in left]
        cohorts = cohorts_of(header.stop, batch)
        found = zip(left, numbers, strict=True)
        batches.append(
            tuple(Todo(one, number, groups[one.id], cohorts.get(one.id)) for one, number in found)
        )
    return Remaining(
        run_dir=run_dir.absolute(),
        spec_path=Path(record.spec_path),
        header=header,
        batches=tuple(batches),
        texts=record.texts,
        counts=store.counts(),
    )


def put_back(store: StoreReader) -> list[Change]:
    """End the attempts that a dead driver left open, and let their trials wait again."""
    now = time.time()
    message = "the driver ended before this attempt did"
    changes: list[Change] = [
        AttemptEnded(one.trial, one.number, AttemptState.INTERRUPTED, now, message=message)
        for one in store.attempts()
        if not one.state.is_over
    ]
    changes.extend(
        TrialChanged(trial.id, TrialState.PENDING, now)
        for trial in store.trials()
        if trial.state in {TrialState.LEASED, TrialState.RUNNING}
    )
    return changes


def _next_number(run: RunFolder, begun: Set[str], trial: TrialRecord) -> int:
    """An attempt's number that was never used: what was not stored in time counts too."""
    leased = trial.attempts + (trial.state is TrialState.LEASED)
    if trial.id not in begun:
        return leased + 1
    return max([leased, *run.attempts(trial.id)]) + 1
