"""Any Ray cluster that runs already, by its Jobs API."""

from sweeper.launchers.base import Backend
from sweeper.launchers.ray.config import read
from sweeper.launchers.ray.launcher import RayLauncher

BACKEND = Backend(read, RayLauncher)

__all__ = ["BACKEND", "RayLauncher"]
