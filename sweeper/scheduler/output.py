"""What one step says, gathered on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    Device,
    TrialChanged,
)

if TYPE_CHECKING:
    from sweeper.records import AttemptState, Change, Command, TrialState
    from sweeper.scheduler.attempt import Attempt


@dataclass(slots=True)
class Output:
    """Commands to the pool and changes for the store. time: of the event."""

    time: float
    commands: list[Command] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def changed(self, trial: str, state: TrialState) -> None:
        """A trial has a new state."""
        self.changes.append(TrialChanged(trial, state, self.time))

    def started(self, attempt: Attempt, worker: int, device: Device | None) -> None:
        """An attempt runs."""
        where = device or Device(host="", pid=0)
        self.changes.append(
            AttemptStarted(attempt.trial.id, attempt.number, worker, where, self.time)
        )

    def ended(self, attempt: Attempt, how: AttemptState, message: str, kind: str = "") -> None:
        """An attempt that told no end of its own is over."""
        trial, number = attempt.trial.id, attempt.number
        self.changes.append(AttemptEnded(trial, number, how, self.time, kind, message))
