"""Machines that `ray up` rents from AWS, Google or Azure, and gives back."""

from sweeper.launchers.base import Backend
from sweeper.launchers.cloud.config import read
from sweeper.launchers.cloud.launcher import CloudLauncher

BACKEND = Backend(read, CloudLauncher)

__all__ = ["BACKEND", "CloudLauncher"]
