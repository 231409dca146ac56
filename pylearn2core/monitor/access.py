"""What is asked of a model's monitor from outside."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pylearn2core.monitor.monitor import Monitor

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model


def get_monitor(model: Model) -> Monitor:
    """The model's monitor, made if it has none."""
    return Monitor.get_monitor(model)


def read_channel(model: Model, channel_name: str, monitor_name: str = "monitor") -> float:
    """The last value of a channel."""
    return float(getattr(model, monitor_name).channels[channel_name].val_record[-1])


def push_monitor(
    model: Model, name: str, transfer_experience: bool = False, save_records: bool = False
) -> Any:
    """Put the model's monitor away as attribute `name`, so that training starts a new one.

    transfer_experience: the new one goes on counting epochs, batches and examples.
    save_records: it keeps the records too, but the last one, which is measured again.
    """
    old = model.monitor
    if hasattr(model, name):
        raise ValueError(f"The model has an attribute {name!r} already: choose another name.")
    setattr(model, name, old)
    del model.monitor
    new = get_monitor(model)
    if transfer_experience:
        new._epochs_seen, new._examples_seen = old._epochs_seen, old._examples_seen
        new._num_batches_seen = old._num_batches_seen
    if save_records:
        new._kept = copy.deepcopy(old.channels)
        for channel in new._kept.values():
            del channel.val_record[-1:]
        for clock in {id(channel.clock): channel.clock for channel in new._kept.values()}.values():
            clock.forget_last()
    return model


def get_channel(model: Model, dataset: Dataset, channel: str, cost: Cost, batch_size: int) -> float:
    """The value of a channel on a dataset now, by a monitor of its own."""
    monitor = Monitor(model)
    monitor.setup(dataset, cost, batch_size)
    monitor()
    return float(monitor.channels[channel].val_record[-1])


def get_monitor_doc(var: Any) -> str | None:
    """What is written of a channel's expression in its `tag.__doc__` or `__doc__`."""
    doc = getattr(getattr(var, "tag", None), "__doc__", None)
    own = getattr(var, "__doc__", None)
    return doc or (own if own != type(var).__doc__ else None)
