"""A RayJob of the KubeRay operator: the manifest, and kubectl."""

from sweeper.launchers.kubernetes.launcher import KubernetesLauncher

__all__ = ["KubernetesLauncher"]
