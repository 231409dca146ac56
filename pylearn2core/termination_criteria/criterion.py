"""What a termination criterion is, and how it reads a monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.words import did_you_mean

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


class TerminationCriterion:
    """Says, before the first epoch and after each, whether training goes on."""

    def continue_learning(self, model: Model) -> bool:
        """Whether to train another epoch; reads `model.monitor`."""
        raise UnsupportedError(f"{type(self).__name__} does not implement continue_learning.")


def record_of(channels: Mapping[str, Any], name: str, asker: str) -> Any:
    """The values of the channel `name` so far; ConfigError with the channels there are."""
    try:
        return channels[name].val_record
    except KeyError:
        hint = did_you_mean(name, channels, "sentence")
        raise ConfigError(
            f"{asker}: the monitor has no channel {name!r}.{hint} "
            f"It has: {', '.join(sorted(channels)) or 'none'}."
        ) from None


def last_value(model: Model, name: str, asker: str) -> float:
    """The newest value of a channel of `model.monitor`."""
    return float(record_of(model.monitor.channels, name, asker)[-1])
