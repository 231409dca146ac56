"""Machines that `ray up` rents from AWS, Google or Azure, and gives back."""

from sweeper.launchers.cloud.launcher import CloudLauncher

__all__ = ["CloudLauncher"]
