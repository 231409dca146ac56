"""A channel that is the running mean of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylearn2core.errors import ConfigError
from pylearn2core.space import NullSpace
from pylearn2core.termination_criteria.criterion import record_of
from pylearn2core.train_extensions.train_extension import TrainExtension
from pylearn2core.utils import constantX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike


class ChannelSmoother(TrainExtension):
    """Publishes the mean of a channel's last k values as a channel of its own.

    channel_to_smooth: the channel that is read.    channel_to_publish: the new channel.
    """

    def __init__(self, channel_to_smooth: str, channel_to_publish: str, k: int = 5) -> None:
        if k < 1:
            raise ConfigError(f"ChannelSmoother: k must be 1 or more, got {k}.")
        self.channel_to_smooth = channel_to_smooth
        self.channel_to_publish = channel_to_publish
        self.k = k

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Add the channel; its values are written after each monitoring."""
        record_of(model.monitor.channels, self.channel_to_smooth, "ChannelSmoother")
        model.monitor.add_channel(
            name=self.channel_to_publish,
            ipt=None,
            val=constantX(0.0),
            data_specs=(NullSpace(), ""),
        )

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Write the mean of the last k values."""
        channels = model.monitor.channels
        recent = channels[self.channel_to_smooth].val_record[-self.k :]
        channels[self.channel_to_publish].val_record[-1] = sum(recent) / len(recent)
