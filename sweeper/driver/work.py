"""What one driver has to do, as a run's store tells it."""

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

if TYPE_CHECKING:
    from sweeper.records import Change, SweepRecord, TrialRecord
    from sweeper.spec import Spec
    from sweeper.store.base import StoreReader


@dataclass(frozen=True, slots=True)
class Work:
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
    def finished(self) -> int:
        """Trials that came to a good end before this driver."""
        return self.counts[TrialState.FINISHED] + self.counts[TrialState.STOPPED]


def what_is_left(
    run_dir: Path, store: StoreReader, record: SweepRecord, spec: Spec, expanded: Sequence[Trial]
) -> Work:
    """The trials that are not over. expanded: all of the spec's, for the packs they run in."""
    trials = store.unfinished()
    made = {trial.id: trial for trial in store.trials()}
    run = RunFolder(run_dir)
    begun = run.begun()
    return Work(
        run_dir=run_dir.absolute(),
        spec_path=Path(record.spec_path),
        header=spec.header,
        trials=trials,
        numbers=tuple(_next_number(run, begun, made[trial.id]) for trial in trials),
        texts=record.texts,
        groups=groups_of(spec.header, expanded, record.texts),
        counts=store.counts(),
    )


def expand(spec: Spec) -> Sequence[Trial]:
    """All trials of the spec."""
    return specs.expand(spec).trials


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
