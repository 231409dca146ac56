"""Which attempts of a lease are asked to end."""

from __future__ import annotations

import threading


class Interruption(threading.Event):
    """All attempts of the lease, once it is set; before that, those of single trials.

    One thread asks, another runs the trials.
    """

    def __init__(self) -> None:
        super().__init__()
        self._trials: set[str] = set()

    def ask(self, trial: str) -> None:
        """Ask this trial's attempt to end; it may not have begun."""
        self._trials.add(trial)

    def clear(self) -> None:
        """Ask nothing: another lease begins."""
        super().clear()
        self._trials.clear()

    def names(self, trial: str) -> bool:
        """Whether this trial is asked by itself."""
        return trial in self._trials

    def of(self, trial: str) -> bool:
        """Whether this trial's attempt is to end."""
        return self.is_set() or trial in self._trials
