"""Any Ray cluster that runs already, by its Jobs API."""

from sweeper.launch.jobs.launcher import JobsLauncher

__all__ = ["JobsLauncher"]
