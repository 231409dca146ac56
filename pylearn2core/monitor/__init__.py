"""Monitoring: what a model's channels were after each epoch."""

from pylearn2core.monitor.access import (
    get_channel,
    get_monitor,
    get_monitor_doc,
    push_monitor,
    read_channel,
)
from pylearn2core.monitor.channel import MonitorChannel
from pylearn2core.monitor.monitor import Monitor

__all__ = [
    "Monitor",
    "MonitorChannel",
    "get_channel",
    "get_monitor",
    "get_monitor_doc",
    "push_monitor",
    "read_channel",
]
