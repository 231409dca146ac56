"""`kind: kubernetes` of a cluster file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeper.launchers import readers as r
from sweeper.spec.place import Place

_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesHead:
    """The head's pod, which runs the driver and no trials.

    pod: more keys of the pod's spec (tolerations, nodeSelector), merged in verbatim.
    """

    cpus: int = 2
    memory_mib: int = 8 * 1024
    pod: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesWorkers:
    """The workers' pods; Ray adds and ends them between min and max. pod: as in the head."""

    cpus: int = 4
    memory_mib: int = 16 * 1024
    gpus: int = 0
    min: int = 0
    max: int = 1
    pod: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesConfig:
    """`kind: kubernetes`: a RayJob of the KubeRay operator.

    context: of kubectl, "" for the current one.
    env: variables of every container.    secrets: names of Secrets that become variables too.
    claims: name of a PersistentVolumeClaim to where it is mounted in every pod.
    ttl_minutes: how long the pods stay after the job's end, for `sweep fetch`.
    max_hours: after them the operator ends the job, whatever happens.
    """

    kind: str = "kubernetes"
    path: Path
    text: str
    image: str
    namespace: str = "default"
    context: str = ""
    head: KubernetesHead = field(default_factory=KubernetesHead)
    workers: KubernetesWorkers = field(default_factory=KubernetesWorkers)
    service_account: str = ""
    results: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    ttl_minutes: int = 120
    max_hours: float = 24.0
    data: str = ""


def _kubernetes_workers(place: Place) -> KubernetesWorkers:
    workers = KubernetesWorkers(**r.fields(place, _WORKER_PODS))
    r.check_range(place)
    return workers


def _object_name(place: Place) -> str:
    """Read the name of an object of Kubernetes'."""
    value = r.line(place)
    if not _OBJECT_NAME.fullmatch(value) or len(value) > 253:
        raise place.wrong("a name as Kubernetes has them", "Write a-z, 0-9, `-` and `.` alone.")
    return value


def _object_names(place: Place) -> tuple[str, ...]:
    """Read a list of names of Kubernetes' objects."""
    items = place.entries("a list of names", "Write [first, second].")
    return tuple(_object_name(item) for item in items)


def _environment(place: Place) -> dict[str, str]:
    """Read names of variables and their values."""
    found = {}
    for key, child in place.items("a map of variables and their values"):
        if not _VARIABLE.fullmatch(key):
            raise child.error(f"{key!r} can't be a variable's name. Write letters, digits and _.")
        if isinstance(child.value, bool) or not isinstance(child.value, str | int):
            raise child.wrong("a string", "Put it in quotes.")
        found[key] = str(child.value)
    return found


def _mounts(place: Place) -> dict[str, str]:
    """Read names of volumes and the absolute path where each is mounted."""
    found = {}
    for key, child in place.items("a map of claims and where they are mounted"):
        if not _OBJECT_NAME.fullmatch(key):
            raise child.error(
                f"{key!r} can't be a claim's name. Write a-z, 0-9, `-` and `.` alone."
            )
        if not r.line(child).startswith("/"):
            raise child.wrong("an absolute path", "Write /data, say.")
        found[key] = child.value
    return found


_POD = {**r.keys(cpus=r.at_least(1), pod=r.anything), "memory": ("memory_mib", r.memory_mib)}
_WORKER_PODS = {**_POD, **r.keys(gpus=r.at_least(0), min=r.at_least(0), max=r.at_least(1))}
_KUBERNETES = {
    **r.KIND,
    **r.keys(image=r.word, namespace=_object_name, context=r.word),
    "head": ("head", lambda place: KubernetesHead(**r.fields(place, _POD))),
    "workers": ("workers", _kubernetes_workers),
    **r.keys(service_account=_object_name, results=r.url, env=_environment),
    **r.keys(secrets=_object_names, ttl_minutes=r.at_least(0), max_hours=r.hours, data=r.data),
    "claims": ("claims", _mounts),
}


def read(place: Place, common: r.Common) -> KubernetesConfig:
    """Check the mapping of a cluster file. Raises InputError."""
    return KubernetesConfig(**r.fields(place, _KUBERNETES, ("image",)), **common)
