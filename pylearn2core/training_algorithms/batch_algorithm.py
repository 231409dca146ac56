"""What algorithms that train a batch at a time share: the batch size, and the monitor's batches."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.monitor import Monitor
from pylearn2core.training_algorithms.training_algorithm import TrainingAlgorithm

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model


class BatchAlgorithm(TrainingAlgorithm):
    """Trains on batches, and measures on batches of the same size where no other is given.

    The attributes are the constructor's arguments of these names, of every such algorithm.
    """

    batch_size: int | None
    batches_per_iter: int | None
    set_batch_size: bool
    monitoring_batch_size: int | None
    monitoring_batches: int | None

    def setup(self, model: Model, dataset: Dataset) -> None:
        """Settle the batch size and find the monitor."""
        super().setup(model, dataset)
        self.batch_size = self._settled_batch_size()
        self.monitor = Monitor.get_monitor(model)

    def _settled_batch_size(self) -> int | None:
        """The algorithm's batch size, or the one that the model was built for.

        The model is told where `set_batch_size` is true. Raises ConfigError where the two differ
        and it is not.
        """
        size = self.batch_size
        forced = getattr(self.model, "force_batch_size", None) or None
        if size is None:
            size = forced
        elif forced and size != forced and not self.set_batch_size:
            name = type(self).__name__
            raise ConfigError(
                f"batch_size: {name} was given {size}, but the model was built for batches of "
                f"{forced}. Give {name} {forced}, or set_batch_size: 1."
            )
        if self.set_batch_size and size is not None:
            self.model.set_batch_size(size)
        return size

    def _check_monitoring(self) -> None:
        """Raise ConfigError where batches are given for monitoring, but no dataset."""
        batches = self.monitoring_batches, self.monitoring_batch_size
        if self.monitoring_dataset is None and any(value is not None for value in batches):
            raise ConfigError(
                f"monitoring_dataset: {type(self).__name__} was given monitoring_batches or "
                "monitoring_batch_size, but no dataset to monitor on. Name one."
            )

    def _batches_to_monitor(self) -> tuple[int | None, int | None]:
        """(batch size, number of batches) for monitoring: as in training if neither is given."""
        size, number = self.monitoring_batch_size, self.monitoring_batches
        if size is None and number is None:
            return self.batch_size, self.batches_per_iter
        return size, number

    def _first_dataset(self) -> Any:
        """The monitoring dataset that channels without one go with."""
        if isinstance(self.monitoring_dataset, Mapping):
            return next(iter(self.monitoring_dataset.values()))
        return self.monitoring_dataset


def checked_size(value: Any, name: str) -> Any:
    """A number of rows as the user gave it, None for none. Raises ConfigError."""
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if value is None or (is_whole and value > 0):
        return value
    raise ConfigError(f"{name}: expected a whole number > 0, got {value!r}.")
