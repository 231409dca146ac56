"""Any Ray cluster that runs already, by its Jobs API."""

from sweeper.launchers.jobs.launcher import JobsLauncher

__all__ = ["JobsLauncher"]
