"""A RayJob of the KubeRay operator: the manifest, and kubectl."""

from sweeper.launch.kubernetes.launcher import KubernetesLauncher

__all__ = ["KubernetesLauncher"]
