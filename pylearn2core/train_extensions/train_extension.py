"""What a train extension is."""

from __future__ import annotations

from typing import Any


class TrainExtension:
    """Three hooks of Train's loop; a StopIteration raised in one ends training."""

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called once before the first monitoring, after the algorithm's own setup."""

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called after each monitoring: before the first epoch and after every epoch."""

    def on_save(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called before the model is saved."""
