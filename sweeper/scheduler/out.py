"""What one step says, gathered on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.records import AttemptStarted, Device, LeasedTrial, TrialChanged, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.records import Change, Command
    from sweeper.scheduler.state import Attempt, Plan


@dataclass(slots=True)
class Out:
    """Commands to the pool and changes for the store. time: of the event."""

    time: float
    commands: list[Command] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def changed(self, trial: str, state: TrialState) -> None:
        """A trial has a new state."""
        self.changes.append(TrialChanged(trial, state, self.time))

    def started(self, trial: str, attempt: Attempt, worker: int, device: Device | None) -> None:
        """An attempt runs."""
        where = device or Device(host="", pid=0)
        self.changes.append(AttemptStarted(trial, attempt.number, worker, where, self.time))

    def leased(self, plan: Plan, attempts: Iterable[Attempt]) -> tuple[LeasedTrial, ...]:
        """These go to a worker; as they travel."""
        leased = tuple(LeasedTrial(plan.trials[one.place], one.number) for one in attempts)
        for one in leased:
            self.changed(one.trial, TrialState.LEASED)
        return leased
