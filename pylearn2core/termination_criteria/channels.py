"""Criteria that look at a channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import (
    TerminationCriterion,
    last_value,
    record_of,
)

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


class MonitorBased(TerminationCriterion):
    """Stops after N calls in a row in which a channel fell too little.

    prop_decrease: the share of the best value so far by which a value has to lie below it.
    N: number of such calls.    channel_name: the channel; 'objective' if None.
    """

    def __init__(
        self, prop_decrease: float = 0.01, N: int = 5, channel_name: str | None = None
    ) -> None:
        if N < 1:
            raise ConfigError(f"MonitorBased: N must be 1 or more, got {N}.")
        self.channel_name = channel_name or "objective"
        self.prop_decrease = prop_decrease
        self.N = N
        self.countdown = N
        self.best_value = math.inf

    def continue_learning(self, model: Model) -> bool:
        """Whether fewer than N calls in a row, this one included, saw too little decrease."""
        value = last_value(model, self.channel_name, "MonitorBased")
        enough = value < (1.0 - self.prop_decrease) * self.best_value
        self.countdown = self.N if enough else self.countdown - 1
        # A slow drift moves the best value along, and never resets the countdown.
        self.best_value = min(self.best_value, value)
        return self.countdown > 0


class MatchChannel(TerminationCriterion):
    """Goes on while a channel is above the last value of a channel of an earlier monitor.

    prev_monitor_name: the model's attribute that holds that monitor, as push_monitor left it.
    """

    def __init__(self, channel_name: str, prev_channel_name: str, prev_monitor_name: str) -> None:
        self.channel_name = channel_name
        self.prev_channel_name = prev_channel_name
        self.prev_monitor_name = prev_monitor_name
        self.target: float | None = None

    def continue_learning(self, model: Model) -> bool:
        """Whether the channel's newest value is above the target, which is read once."""
        if self.target is None:
            monitor = getattr(model, self.prev_monitor_name, None)
            if monitor is None:
                raise ConfigError(
                    f"MatchChannel: the model has no monitor {self.prev_monitor_name!r}. Push one "
                    "of that name with pylearn2core.monitor.push_monitor."
                )
            record = record_of(monitor.channels, self.prev_channel_name, "MatchChannel")
            self.target = float(record[-1])
        return last_value(model, self.channel_name, "MatchChannel") > self.target


class ChannelTarget(TerminationCriterion):
    """Goes on while a channel is above `target` (a number, or a string that reads as one)."""

    def __init__(self, channel_name: str, target: float | str) -> None:
        self.channel_name = channel_name
        try:
            self.target = float(target)
        except (TypeError, ValueError):
            raise ConfigError(f"ChannelTarget: target must be a number, got {target!r}.") from None

    def continue_learning(self, model: Model) -> bool:
        """Whether the channel's newest value is above the target."""
        return last_value(model, self.channel_name, "ChannelTarget") > self.target


class ChannelInf(TerminationCriterion):
    """Stops when a channel is infinite.

    Pylearn2's own did the reverse of its documentation: it went on only on infinite values.
    """

    def __init__(self, channel_name: str) -> None:
        self.channel_name = channel_name

    def continue_learning(self, model: Model) -> bool:
        """Whether the channel's newest value is not infinite."""
        return not math.isinf(last_value(model, self.channel_name, "ChannelInf"))
