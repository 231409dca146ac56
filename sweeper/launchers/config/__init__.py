"""clusters/*.yaml: a file of ours that says where a sweep runs, read and checked."""

from sweeper.launchers.config.load import load, loads
from sweeper.launchers.config.records import (
    CloudConfig,
    CloudHead,
    CloudWorkers,
    ClusterConfig,
    KubernetesConfig,
    KubernetesHead,
    KubernetesWorkers,
    LocalConfig,
    RayConfig,
    SlurmConfig,
)

__all__ = [
    "CloudConfig",
    "CloudHead",
    "CloudWorkers",
    "ClusterConfig",
    "KubernetesConfig",
    "KubernetesHead",
    "KubernetesWorkers",
    "LocalConfig",
    "RayConfig",
    "SlurmConfig",
    "load",
    "loads",
]
