"""Polyak averaging: the mean of the parameters over the steps of training."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.train_extensions import TrainExtension
from pylearn2core.utils import serial, sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


class _Means:
    """The means of a model's parameters, kept up in the training step while `is_on` is 1.

    param_to_mean: parameter to the shared variable of its mean.
    """

    def __init__(self, model: Model) -> None:
        self.is_on = sharedX(0.0, name="polyak_is_on")
        self.steps = sharedX(0.0, name="polyak_steps")
        self.param_to_mean = OrderedDict(
            (param, sharedX(param.get_value(), name=f"polyak_{param.name}"))
            for param in model.get_params()
        )

    def step_updates(
        self, algorithm: AlgorithmLike, updates: Mapping[Symbol, Symbol]
    ) -> OrderedDict[Symbol, Symbol]:
        """m <- m - (m - p) / t, with p the parameter after the step and t the steps so far."""
        steps = self.steps + self.is_on
        new: OrderedDict[Symbol, Symbol] = OrderedDict([(self.steps, steps)])
        for param, mean in self.param_to_mean.items():
            moved = mean - (mean - updates.get(param, param)) / pt.maximum(steps, 1.0)
            new[mean] = pt.switch(self.is_on > 0.0, moved, mean)
        return new


class PolyakAveraging(TrainExtension):
    """Keeps the plain mean of the parameters after every batch from the end of epoch `start` on.

    The model's own parameters stay as training leaves them; a model with the means is saved to
    save_path, every save_freq epochs after `start`.
    Source: Polyak and Juditsky 1992.
    """

    def __init__(self, start: int, save_path: str | None = None, save_freq: int = 1) -> None:
        if isinstance(start, bool) or not isinstance(start, int) or start < 0:
            raise ConfigError(f"PolyakAveraging: start must be a whole number >= 0, got {start!r}.")
        if save_path is not None:
            serial.check_save_path(save_path)
        self.start, self.save_path, self.save_freq = start, save_path, save_freq
        self._count = 0

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Make the means a part of the training step."""
        callbacks = getattr(algorithm, "update_callbacks", None)
        if callbacks is None:
            raise ConfigError(
                f"PolyakAveraging: {type(algorithm).__name__} has no update callbacks; it goes "
                "with SGD."
            )
        self._worker = _Means(model)
        callbacks.append(self._worker)

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Start at the end of epoch `start`; save the means where that is due."""
        if self._count == self.start:
            self._worker.is_on.set_value(np.asarray(1.0, dtype=self._worker.is_on.dtype))
        due = self._count > self.start and self._count % self.save_freq == 0
        if self.save_path is not None and due:
            with self._in_place():
                serial.save(self.save_path, model, on_overwrite="backup")
        self._count += 1

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """The means in the place of the parameters."""
        params = [(param, param.get_value()) for param in self._worker.param_to_mean]
        try:
            for param, mean in self._worker.param_to_mean.items():
                param.set_value(mean.get_value())
            yield
        finally:
            for param, value in params:
                param.set_value(value)
