"""Several stores read as one: a run as it was made, and those of its parts' drivers."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.records import Ending, EndKind, TrialState

if TYPE_CHECKING:
    from sweeper.records import AttemptRecord, Row, SweepRecord, Trial, TrialRecord
    from sweeper.store.base import StoreReader


class UnionReader:
    """See `base.StoreReader`. made: the run as it was made; parts: what their drivers wrote."""

    def __init__(self, made: StoreReader, parts: Sequence[StoreReader]) -> None:
        self._made = made
        self._parts = parts

    def sweep(self) -> SweepRecord:
        """The run as it was made, and how its parts are: runs while one of them does."""
        records = [part.sweep() for part in self._parts]
        made = replace(self._made.sweep(), heartbeat=max(one.heartbeat for one in records))
        running = [one for one in records if one.state == "running"]
        if running:
            newest = max(running, key=lambda one: one.heartbeat)
            made = replace(made, host=newest.host, pid=newest.pid, heartbeat=newest.heartbeat)
            return replace(made, state="running")
        return replace(made, state=self._ending(records))

    def _ending(self, parts: Sequence[SweepRecord]) -> Ending:
        """The first part's that failed, else of one that was interrupted."""
        endings = [part.ending for part in parts if part.ending is not None]
        for word in ("failed", "interrupted"):
            for ending in endings:
                if ending.word == word:
                    return ending
        if any(not trial.state.is_final for trial in self.trials()):
            return Ending(EndKind.INTERRUPTED, "some parts have not begun")
        return Ending(EndKind.FINISHED)

    def trials(self) -> list[TrialRecord]:
        """Every trial, by ordinal."""
        found = {trial.id: trial for trial in self._made.trials()}
        for part in self._parts:
            found.update((trial.id, trial) for trial in part.trials())
        return sorted(found.values(), key=lambda trial: trial.ordinal)

    def attempts(self, trial: str | None = None) -> list[AttemptRecord]:
        """The attempts of one trial or of all, by trial's ordinal and number."""
        ordinals = self._ordinals()
        found = [attempt for part in self._parts for attempt in part.attempts(trial)]
        return sorted(found, key=lambda one: (ordinals[one.trial], one.number))

    def rows(self, trial: str | None = None) -> Iterator[Row]:
        """The history of one trial or of all, by trial's ordinal, phase and epoch."""
        ordinals = self._ordinals()
        histories = [part.rows(trial) for part in self._parts]
        return heapq.merge(*histories, key=lambda row: ordinals[row.trial])

    def counts(self) -> dict[TrialState, int]:
        """Number of trials in each state."""
        found = Counter(trial.state for trial in self.trials())
        return {state: found[state] for state in TrialState}

    def unfinished(self) -> list[Trial]:
        """The trials whose state is not final, by ordinal."""
        over = {trial.id for trial in self.trials() if trial.state.is_final}
        return [trial for trial in self._made.unfinished() if trial.id not in over]

    def close(self) -> None:
        """Let go of all of them."""
        for store in (self._made, *self._parts):
            store.close()

    def _ordinals(self) -> dict[str, int]:
        return {trial.id: trial.ordinal for trial in self._made.trials()}
