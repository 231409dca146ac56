"""SLURM: one job that runs a sweep's driver, and Ray inside of its allocation."""

from sweeper.launchers.base import Backend
from sweeper.launchers.slurm.config import read
from sweeper.launchers.slurm.launcher import SlurmLauncher

BACKEND = Backend(read, SlurmLauncher)

__all__ = ["BACKEND", "SlurmLauncher"]
