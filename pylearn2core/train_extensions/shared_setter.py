"""Setting shared variables at given epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError
from pylearn2core.train_extensions.train_extension import TrainExtension

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike

_TRIPLE = 3


class SharedSetter(TrainExtension):
    """Sets shared variables after given epochs.

    epoch_updates: [epoch, shared variable, value] each; epoch 0 is before training.
    """

    def __init__(self, epoch_updates: Sequence[Sequence[Any]]) -> None:
        self._settings: dict[int, list[tuple[Any, Any]]] = {}
        for place, update in enumerate(epoch_updates):
            if len(update) != _TRIPLE or not hasattr(update[1], "set_value"):
                raise ConfigError(
                    f"SharedSetter: epoch_updates[{place}] must be [epoch, shared variable, "
                    f"value], got {update!r}."
                )
            epoch, variable, value = update
            self._settings.setdefault(int(epoch), []).append((variable, value))

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Set what is due after the epochs seen so far."""
        for variable, value in self._settings.get(model.monitor.get_epochs_seen(), ()):
            variable.set_value(np.asarray(value, dtype=variable.dtype))
