"""A look at each of the scheduler's steps, where `SWEEP_CHECK=1` asks for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.host import variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import Event

# Steps that are kept to tell what happened to a trial: some thousand small trials.
KEPT = 20_000


def audit_if_wanted(environ: Mapping[str, str]) -> Audit | None:
    """An audit where the environment asks for one."""
    return Audit() if environ.get(variables.CHECK) == "1" else None


class Audit:
    """Checks each step, and keeps the last ones.

    steps: the last `KEPT` ones, oldest first.
    """

    def __init__(self) -> None:
        self.steps: deque[scheduler.Step] = deque(maxlen=KEPT)
        self._has_complained = False  # the driver goes on for a while, to end in order

    def see(self, event: Event, result: scheduler.Result) -> None:
        """Look at a step.

        Raises BrokenInvariantError, with the stories of the trials that it is about as its notes.
        """
        state, commands, changes = result
        self.steps.append(scheduler.Step(event, commands, changes))
        if self._has_complained:
            return
        try:
            scheduler.check(state, commands)
        except scheduler.BrokenInvariantError as error:
            self._has_complained = True
            error.add_note(f"after {event}")
            for trial in error.trials:
                said = map(str, scheduler.story(trial, self.steps))
                error.add_note("\n  ".join([f"trial {trial}:", *said]))
            raise
