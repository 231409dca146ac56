"""What updates a model's parameters, an epoch at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pylearn2core.types import Symbol

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.termination_criteria.criterion import TerminationCriterion


class TrainingAlgorithm(ABC):
    """Trains a model on a dataset: `setup` once, then `train` for each epoch.

    An algorithm whose epochs the engine runs has `passes(dataset)` too: a generator of the
    engine's requests, which `train` would answer one by one.
    """

    monitoring_dataset: Datasets | None = None
    termination_criterion: TerminationCriterion | None = None

    def setup(self, model: Model, dataset: Dataset) -> None:
        """Prepare to train `model` on `dataset`; called once."""
        self.model = model

    def _set_monitoring_dataset(self, monitoring_dataset: Datasets | None) -> None:
        """Measure on this: a dataset, or a mapping of prefixes to datasets; an empty one is none.

        Code that builds its Train first and has its data afterwards calls it, as in Pylearn2.
        """
        empty = isinstance(monitoring_dataset, Mapping) and not monitoring_dataset
        self.monitoring_dataset = None if empty else monitoring_dataset

    @abstractmethod
    def train(self, dataset: Dataset) -> None:
        """Train one epoch."""

    def shared_state(self) -> list[Symbol]:
        """The shared variables that training steps use, once it is set up, in a fixed order."""
        return []

    def continue_learning(self, model: Model) -> bool:
        """Whether another epoch should follow."""
        criterion = self.termination_criterion
        return True if criterion is None else bool(criterion.continue_learning(model))


class ByPasses(Protocol):
    """An algorithm whose epochs the engine runs."""

    def passes(self, dataset: Dataset) -> Generator[Any, Any, None]:
        """Request the passes of one epoch."""
