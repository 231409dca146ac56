"""A cluster file and a run to the two documents that kubectl is given: a ConfigMap and a RayJob.

The fields of a RayJob: https://docs.ray.io/en/latest/cluster/kubernetes/references/api.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sweeper.host import variables
from sweeper.launchers.kubernetes import files
from sweeper.launchers.kubernetes.shape import (
    SCRIPT,
    SHIPPED,
    WORK,
    Document,
    Shape,
    data_path,
    labels,
)

if TYPE_CHECKING:
    from sweeper.launchers.kubernetes.config import KubernetesConfig

HEAD_CONTAINER = "ray-head"


def manifest(shape: Shape) -> list[Document]:
    """The ConfigMap and the RayJob."""
    return [files.config_map(shape), _ray_job(shape)]


def _ray_job(shape: Shape) -> Document:
    config = shape.config
    spec = {
        "entrypoint": f"bash {WORK}/{SCRIPT}",
        "backoffLimit": 0,  # a second try would be a new cluster, which knows nothing of the first
        "activeDeadlineSeconds": round(config.max_hours * 3600),
        "shutdownAfterJobFinishes": True,
        "ttlSecondsAfterFinished": config.ttl_minutes * 60,
        "rayClusterSpec": _cluster(shape),
    }
    return {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": shape.metadata, "spec": spec}


def _cluster(shape: Shape) -> Document:
    config = shape.config
    head = _pod(shape, HEAD_CONTAINER, _amounts(config.head.cpus, config.head.memory_mib))
    head["containers"][0]["ports"] = [
        {"containerPort": 6379, "name": "gcs-server"},
        {"containerPort": 8265, "name": "dashboard"},
    ]
    return {
        "rayVersion": shape.ray_version,
        "authOptions": {"mode": "token"},  # the operator makes the token and gives it to the pods
        "enableInTreeAutoscaling": config.workers.min < config.workers.max,
        "autoscalerOptions": {"idleTimeoutSeconds": 120},
        "headGroupSpec": {
            # No trial runs on the head, which keeps the store and the driver.
            "rayStartParams": {"dashboard-host": "0.0.0.0", "num-cpus": "0", "num-gpus": "0"},
            "template": _template(merged(head, config.head.pod)),
        },
        "workerGroupSpecs": [_workers(shape)],
    }


def _workers(shape: Shape) -> Document:
    workers = shape.config.workers
    pod = _pod(shape, "ray-worker", _amounts(workers.cpus, workers.memory_mib), workers.gpus)
    return {
        "groupName": "workers",
        "replicas": workers.min,
        "minReplicas": workers.min,
        "maxReplicas": workers.max,
        "rayStartParams": {"num-cpus": str(workers.cpus), "num-gpus": str(workers.gpus)},
        "template": _template(merged(pod, workers.pod)),
    }


def _template(pod: Document) -> Document:
    return {"metadata": {"labels": labels()}, "spec": pod}


def _amounts(cpus: int, memory_mib: int) -> dict[str, str]:
    return {"cpu": str(cpus), "memory": f"{memory_mib}Mi"}


def _pod(shape: Shape, name: str, amounts: dict[str, str], gpus: int = 0) -> Document:
    config = shape.config
    mounts = [{"name": "work", "mountPath": WORK}, *_mounts(config)]
    shipped = {"name": "shipped", "mountPath": SHIPPED, "readOnly": True}
    with_gpus = amounts | ({"nvidia.com/gpu": str(gpus)} if gpus else {})
    both = {"image": config.image, "env": _environment(shape), **_secrets(config)}
    # It ends before the other begins, so it takes nothing; some namespaces want an amount of each.
    before = {
        "name": "files",
        **both,
        "command": ["bash", "-c", files.prepare(config)],
        "resources": {"requests": amounts, "limits": amounts},
        "volumeMounts": [shipped, *mounts],
    }
    container = {
        "name": name,
        **both,
        "resources": {"requests": with_gpus, "limits": with_gpus},
        "volumeMounts": mounts,
    }
    account = {"serviceAccountName": config.service_account} if config.service_account else {}
    return {
        **account,
        "restartPolicy": "Never",  # the operator makes a new pod, whose files are whole
        "initContainers": [before],
        "containers": [container],
        "volumes": [files.volume(shape), {"name": "work", "emptyDir": {}}, *_claims(config)],
    }


def _mounts(config: KubernetesConfig) -> list[Document]:
    paths = enumerate(config.claims.values())
    return [{"name": f"claim-{i}", "mountPath": path} for i, path in paths]


def _claims(config: KubernetesConfig) -> list[Document]:
    return [
        {"name": f"claim-{i}", "persistentVolumeClaim": {"claimName": claim}}
        for i, claim in enumerate(config.claims)
    ]


def _environment(shape: Shape) -> list[Document]:
    values = {
        variables.PLACED: "1",
        variables.AUTOSCALING: "1",
        variables.RESULTS: shape.results,
        variables.DATA_PATH: data_path(shape.config),
        "RAY_USAGE_STATS_ENABLED": "0",
        **shape.config.env,
    }
    return [{"name": name, "value": value} for name, value in values.items() if value]


def _secrets(config: KubernetesConfig) -> Document:
    if not config.secrets:
        return {}
    return {"envFrom": [{"secretRef": {"name": name}} for name in config.secrets]}


def merged(made: Mapping[str, Any], more: Mapping[str, Any]) -> Document:
    """`more` into `made`: maps key by key, lists after one another, anything else replaced."""
    found = dict(made)
    for key, value in more.items():
        before = found.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            found[key] = merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            found[key] = [*before, *value]
        else:
            found[key] = value
    return found
