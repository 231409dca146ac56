"""What updates a model's parameters, an epoch at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class TrainingAlgorithm(ABC):
    """Trains a model on a dataset: `setup` once, then `train` for each epoch.

    An algorithm whose epochs the engine runs has `passes(dataset)` too: a generator of the
    engine's requests, which `train` would answer one by one.
    """

    def setup(self, model: Any, dataset: Any) -> None:
        """Prepare to train `model` on `dataset`; called once."""
        self.model = model

    @abstractmethod
    def train(self, dataset: Any) -> None:
        """Train one epoch."""

    def shared_state(self) -> list[Any]:
        """The shared variables that training steps use, once it is set up, in a fixed order."""
        return []

    def continue_learning(self, model: Any) -> bool:
        """Whether another epoch should follow."""
        criterion = getattr(self, "termination_criterion", None)
        return True if criterion is None else bool(criterion.continue_learning(model))
