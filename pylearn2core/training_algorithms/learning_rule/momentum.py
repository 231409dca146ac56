"""Momentum, and its schedule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError
from pylearn2core.space import NullSpace
from pylearn2core.train_extensions import TrainExtension
from pylearn2core.training_algorithms.learning_rule.base import (
    LearningRule,
    Updates,
    scaled_rate,
    state_like,
)
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.monitor import Monitor
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


class Momentum(LearningRule):
    """Gradient descent with momentum: v <- m v - h g, p <- p + v.

    init_momentum: m, in [0, 1).
    nesterov_momentum: p <- p + m v - h g, with the new v.
    Source: Sutskever et al. 2013, eqs. 1-4.
    """

    def __init__(self, init_momentum: float, nesterov_momentum: bool = False) -> None:
        if not 0.0 <= init_momentum < 1.0:
            raise ConfigError(f"Momentum: init_momentum must be in [0, 1), got {init_momentum}.")
        self.momentum = sharedX(init_momentum, "momentum")
        self.nesterov_momentum = nesterov_momentum

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Dataset) -> None:
        """Add the channel `momentum`."""
        monitor.add_channel(
            name="momentum",
            ipt=None,
            val=self.momentum,
            data_specs=(NullSpace(), ""),
            dataset=monitoring_dataset,
        )

    def get_updates(
        self,
        learning_rate: Symbol,
        grads: Mapping[Symbol, Symbol],
        lr_scalers: Mapping[Symbol, Symbol] | None = None,
    ) -> Updates:
        """Updates of the parameters and their velocities."""
        updates: Updates = OrderedDict()
        for param, grad in grads.items():
            velocity = state_like(param, "vel")
            step = scaled_rate(learning_rate, param, lr_scalers) * grad
            change = new_velocity = self.momentum * velocity - step
            if self.nesterov_momentum:
                change = self.momentum * new_velocity - step
            updates[velocity] = new_velocity
            updates[param] = param + change
        return updates


class MomentumAdjustor(TrainExtension):
    """Moves the momentum linearly, by epochs, from its first value to `final_momentum`.

    start: the last epoch of the first value.    saturate: the first epoch of the final one;
    equal to start for a jump.
    """

    def __init__(self, final_momentum: float, start: int, saturate: int) -> None:
        if not 0.0 <= final_momentum <= 1.0:
            raise ConfigError(
                f"MomentumAdjustor: final_momentum must be in [0, 1], got {final_momentum}."
            )
        if saturate < start:
            raise ConfigError(
                f"MomentumAdjustor: saturate ({saturate}) must not be before start ({start})."
            )
        self.final_momentum, self.start, self.saturate = final_momentum, start, saturate
        self._count = 0
        self._init_momentum: float | None = None

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Note the first momentum; set the value for the epochs seen so far."""
        momentum = _momentum_of(algorithm)
        if self._init_momentum is None:
            self._init_momentum = float(momentum.get_value())
        self._count = model.monitor.get_epochs_seen()
        self._apply(momentum)

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Set the value for the next epoch."""
        self._count += 1
        self._apply(_momentum_of(algorithm))

    def current_momentum(self) -> float:
        """The momentum of the epoch that is counted."""
        assert self._init_momentum is not None
        if self.saturate > self.start:
            way = (self._count - self.start) / (self.saturate - self.start)
        else:
            way = 1.0 if self._count >= self.start else 0.0
        way = min(max(way, 0.0), 1.0)
        return self._init_momentum * (1.0 - way) + way * self.final_momentum

    def _apply(self, momentum: Symbol) -> None:
        momentum.set_value(np.asarray(self.current_momentum(), dtype=momentum.dtype))


def _momentum_of(algorithm: AlgorithmLike) -> Any:
    momentum = getattr(getattr(algorithm, "learning_rule", None), "momentum", None)
    if momentum is None:
        raise ConfigError(
            "MomentumAdjustor: the training algorithm has no momentum to adjust. Give it "
            "learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum."
        )
    return momentum
