"""Learning rates that change between epochs: train extensions for SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import record_of
from pylearn2core.train_extensions import TrainExtension

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


def linear_decay(first: float, count: int, start: int, saturate: int, decay_factor: float) -> float:
    """The learning rate after `count` steps of a linear decay from `first`.

    It stays until step `start`, and is first * decay_factor from step `saturate` on.
    """
    if count < start:
        return first
    if count >= saturate:
        return first * decay_factor
    step = first * (1.0 - decay_factor) / (saturate - start + 1)
    return first - step * (count - start + 1)


class _ByEpoch(TrainExtension):
    """Sets the learning rate for each epoch by a formula of the epoch's number."""

    def __init__(self) -> None:
        self._count = 0
        self._first: float | None = None

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Note the first learning rate; set the one for the epochs seen so far."""
        if self._first is None:
            self._first = float(rate_of(algorithm, self).get_value())
        self._check(self._first)
        self._count = model.monitor.get_epochs_seen()
        self._apply(algorithm)

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Set the learning rate for the next epoch."""
        self._count += 1
        self._apply(algorithm)

    def current_learning_rate(self) -> float:
        """The learning rate of the epoch that is counted."""
        assert self._first is not None
        return self._formula(self._first, self._count)

    def _apply(self, algorithm: AlgorithmLike) -> None:
        rate = rate_of(algorithm, self)
        rate.set_value(np.asarray(self.current_learning_rate(), dtype=rate.dtype))

    def _check(self, first: float) -> None:
        """Raise ConfigError for a first learning rate that the formula can't start from."""

    def _formula(self, first: float, count: int) -> float:
        raise NotImplementedError


class LinearDecayOverEpoch(_ByEpoch):
    """Lowers the learning rate linearly from epoch `start` to epoch `saturate`.

    decay_factor: the last learning rate as a share of the first.
    """

    def __init__(self, start: int, saturate: int, decay_factor: float) -> None:
        super().__init__()
        if saturate < start:
            raise ConfigError(
                f"LinearDecayOverEpoch: saturate ({saturate}) must not be before start ({start})."
            )
        self.start, self.saturate, self.decay_factor = start, saturate, decay_factor

    def _formula(self, first: float, count: int) -> float:
        return linear_decay(first, count, self.start, self.saturate, self.decay_factor)


class OneOverEpoch(_ByEpoch):
    """Lowers the learning rate as half_life / (epochs since start + half_life).

    start: the epoch from which it falls.    half_life: epochs to half of it; start + 1 if None.
    min_lr: the lowest learning rate.
    """

    def __init__(self, start: int, half_life: float | None = None, min_lr: float = 1e-6) -> None:
        super().__init__()
        self.start = start
        self.half_life = start + 1 if half_life is None else half_life
        self.min_lr = min_lr
        if not self.half_life > 0:
            raise ConfigError(f"OneOverEpoch: half_life must be > 0, got {half_life!r}.")

    def _check(self, first: float) -> None:
        if first < self.min_lr:
            raise ConfigError(
                f"OneOverEpoch: the learning rate starts at {first}, below min_lr {self.min_lr}."
            )

    def _formula(self, first: float, count: int) -> float:
        if count < self.start:
            return max(self.min_lr, first)
        return max(self.min_lr, first * self.half_life / (count - self.start + self.half_life))


class MonitorBasedLRAdjuster(TrainExtension):
    """Lowers the learning rate where a channel grew, raises it where it fell too slowly.

    With q the channel's newest value and p the one before: q > high_trigger p multiplies the
    rate by shrink_amt; else q > low_trigger p multiplies it by grow_amt; then it is brought into
    [min_lr, max_lr].
    channel_name: the channel; else `<dataset_name>_objective`; else the only one whose name ends
    in 'objective'.
    """

    def __init__(
        self,
        high_trigger: float = 1.0,
        shrink_amt: float = 0.99,
        low_trigger: float = 0.99,
        grow_amt: float = 1.01,
        min_lr: float = 1e-7,
        max_lr: float = 1.0,
        dataset_name: str | None = None,
        channel_name: str | None = None,
    ) -> None:
        self.high_trigger, self.shrink_amt = high_trigger, shrink_amt
        self.low_trigger, self.grow_amt = low_trigger, grow_amt
        self.min_lr, self.max_lr = min_lr, max_lr
        self.dataset_name, self.channel_name = dataset_name, channel_name

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Set the learning rate for the next epoch; nothing at the first record."""
        rate = rate_of(algorithm, self)
        channels = model.monitor.channels
        record = record_of(channels, self._channel(channels), "MonitorBasedLRAdjuster")
        if len(record) < 2:
            return
        new = self._adjusted(float(rate.get_value()), before=record[-2], now=record[-1])
        rate.set_value(np.asarray(new, dtype=rate.dtype))

    def _adjusted(self, rate: float, *, before: float, now: float) -> float:
        if now > self.high_trigger * before:
            rate *= self.shrink_amt
        elif now > self.low_trigger * before:
            rate *= self.grow_amt
        return min(max(rate, self.min_lr), self.max_lr)

    def _channel(self, channels: Any) -> str:
        if self.channel_name is not None:
            return self.channel_name
        if self.dataset_name is not None:
            return f"{self.dataset_name}_objective"
        found = [name for name in channels if name.endswith("objective")]
        if len(found) != 1:
            raise ConfigError(
                "MonitorBasedLRAdjuster: which channel? There are "
                f"{', '.join(found) or 'none that end in objective'}. Give channel_name."
            )
        return str(found[0])


def rate_of(algorithm: AlgorithmLike, asker: Any) -> Symbol:
    """The algorithm's learning rate, a shared variable; ConfigError where it has none."""
    rate = getattr(algorithm, "learning_rate", None)
    if not hasattr(rate, "set_value"):
        raise ConfigError(
            f"{type(asker).__name__}: the training algorithm has no learning_rate to change; it "
            "goes with SGD."
        )
    return rate
