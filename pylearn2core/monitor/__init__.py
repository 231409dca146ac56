"""Monitoring: what a model's channels were after each epoch."""

from pylearn2core.monitor.channel import MonitorChannel
from pylearn2core.monitor.monitor import Monitor, get_monitor, push_monitor, read_channel

__all__ = ["Monitor", "MonitorChannel", "get_monitor", "push_monitor", "read_channel"]
