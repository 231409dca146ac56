"""SLURM: one job that runs a sweep's driver, and Ray inside of its allocation."""

from sweeper.launchers.slurm.launcher import SlurmLauncher

__all__ = ["SlurmLauncher"]
