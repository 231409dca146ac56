"""What is left of a run for one driver, as the run's store tells it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper import spec as specs
from sweeper.driver.groups import Group, groups_of
from sweeper.records import (
    AttemptEnded,
    AttemptState,
    ExperimentText,
    SweepSpec,
    Trial,
    TrialChanged,
    TrialState,
)
from sweeper.runs.folder import RunFolder
from sweeper.scheduler import Tally

if TYPE_CHECKING:
    from sweeper.records import Change, SweepRecord, TrialRecord
    from sweeper.spec import Spec
    from sweeper.store.base import StoreReader


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a run.

    trials: those that are left; numbers: of each one's next attempt.
    counts: of the run's trials, by state, before this driver.
    """

    run_dir: Path
    spec_path: Path
    header: SweepSpec
    trials: Sequence[Trial]
    numbers: tuple[int, ...]
    texts: Mapping[str, ExperimentText]
    groups: Mapping[str, Group]
    counts: Mapping[TrialState, int]

    @property
    def total(self) -> int:
        """All trials of the run."""
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
        return self.total > len(self.trials) or any(number > 1 for number in self.numbers)


def what_is_left(
    run_dir: Path,
    store: StoreReader,
    record: SweepRecord,
    spec: Spec,
    expanded: Sequence[Trial] | None = None,
) -> Remaining:
    """The trials that are not over.

    expanded: all of the spec's, where they are known; the packs follow from them.
    """
    if expanded is None:
        expanded = specs.expand(spec).trials
    trials = store.unfinished()
    made = {trial.id: trial for trial in store.trials()}
    run = RunFolder(run_dir)
    begun = run.begun()
    return Remaining(
        run_dir=run_dir.absolute(),
        spec_path=Path(record.spec_path),
        header=spec.header,
        trials=trials,
        numbers=tuple(_next_number(run, begun, made[trial.id]) for trial in trials),
        texts=record.texts,
        groups=groups_of(spec.header, expanded, record.texts),
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
