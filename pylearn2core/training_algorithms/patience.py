"""A termination criterion whose patience grows with each success."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import TerminationCriterion, record_of

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


class PatienceBasedTermCrit(TerminationCriterion):
    """Stops when as many records were made as its patience is.

    A value below (1 - prop_decrease) x the best so far becomes the best, and raises the patience
    to patience_increase x the number of records.
    initial_patience: records that are made at least.
    channel_name: the channel; where the monitor has one only, it need not be named.
    Source: Bengio 2012, early stopping by patience.
    """

    def __init__(
        self,
        prop_decrease: float,
        initial_patience: float,
        patience_increase: float = 2.0,
        channel_name: str | None = None,
    ) -> None:
        self.prop_decrease = prop_decrease
        self.patience_increase = patience_increase
        self.patience = initial_patience
        self.best_value = math.inf
        self._channel_name = channel_name

    def continue_learning(self, model: Model) -> bool:
        """Whether there is patience left."""
        record = self._record(model.monitor.channels)
        if record[-1] < self.best_value * (1.0 - self.prop_decrease):
            self.best_value = record[-1]
            self.patience = max(self.patience, len(record) * self.patience_increase)
        return len(record) < self.patience

    # Pylearn2's own had this alone, which SGD can't use.
    __call__ = continue_learning

    def _record(self, channels: Any) -> Any:
        name = self._channel_name
        if name is None:
            if len(channels) != 1:
                raise ConfigError(
                    f"PatienceBasedTermCrit: which of the monitor's {len(channels)} channels? "
                    "Give channel_name."
                )
            name = next(iter(channels))
        return record_of(channels, name, "PatienceBasedTermCrit")
