"""A RayJob of the KubeRay operator: the manifest, and kubectl."""

from sweeper.launchers.base import Backend
from sweeper.launchers.kubernetes.config import read
from sweeper.launchers.kubernetes.launcher import KubernetesLauncher

BACKEND = Backend(read, KubernetesLauncher)

__all__ = ["BACKEND", "KubernetesLauncher"]
