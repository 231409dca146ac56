"""What a train extension is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike


class TrainExtension:
    """Three hooks of Train's loop; a StopIteration raised in one ends training."""

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Called once before the first monitoring, after the algorithm's own setup."""

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Called after each monitoring: before the first epoch and after every epoch."""

    def on_save(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Called before the model is saved."""
