"""This machine: the driver is a process here, this very one or one in the background."""

from sweeper.launchers.base import Backend
from sweeper.launchers.local.config import read
from sweeper.launchers.local.launcher import LocalLauncher

BACKEND = Backend(read, LocalLauncher)

__all__ = ["BACKEND", "LocalLauncher"]
