"""Criteria that count epochs or seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import TerminationCriterion

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


class EpochCounter(TerminationCriterion):
    """Stops after max_epochs epochs.

    new_epochs: count from the model's epochs at the first call; else all its epochs.
    """

    def __init__(self, max_epochs: int, new_epochs: bool = True) -> None:
        if isinstance(max_epochs, bool) or not isinstance(max_epochs, int | float):
            raise ConfigError(f"EpochCounter: max_epochs must be a number, got {max_epochs!r}.")
        self._max_epochs = max_epochs
        self._new_epochs = new_epochs
        self._epochs_before: int | None = None if new_epochs else 0

    def continue_learning(self, model: Model) -> bool:
        """Whether fewer than max_epochs epochs have been seen."""
        seen = model.monitor.get_epochs_seen()
        if self._epochs_before is None:
            self._epochs_before = seen
        return bool(seen - self._epochs_before < self._max_epochs)


class Timeout(TerminationCriterion):
    """Stops at the first call that comes `seconds` or more after the first one.

    clock: gives the time in seconds.    A training that is loaded again starts a new count.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        if not seconds >= 0:
            raise ConfigError(f"Timeout: seconds must be 0 or more, got {seconds!r}.")
        self.seconds = seconds
        self._clock = clock
        self._started: float | None = None

    def continue_learning(self, model: Model) -> bool:
        """Whether less than `seconds` have passed since the first call."""
        now = self._clock()
        if self._started is None:
            self._started = now
        return now - self._started < self.seconds

    def __getstate__(self) -> dict[str, Any]:
        # A monotonic clock means nothing in another process.
        return {**self.__dict__, "_started": None}
