"""A cluster file to its record: the keys of each kind, and what must hold between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeper.launchers.config import values as v
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
from sweeper.spec.place import Place, listed
from sweeper.spec.plain import choice, read_map, read_text


def load(path: Path) -> ClusterConfig:
    """Read and check the cluster file at `path`. Raises InputError with line and key path."""
    return loads(read_text(Path(path)), str(path))


def loads(text: str, source: str) -> ClusterConfig:
    """Check the text of a cluster file. source: its name, for errors. Raises InputError."""
    place = read_map(text, source)
    if "kind" not in place.value:
        raise place.error(
            f"the key `kind` is missing, which says what this file describes: {listed(_KINDS)}."
            " Write `kind: slurm`, say."
        )
    read = _KINDS[choice(place.child("kind"), _KINDS)]
    return read(place, {"path": Path(source), "text": text})


_Common = dict[str, Any]


def _keys(**readers: v.Reader) -> dict[str, tuple[str, v.Reader]]:
    """Keys whose fields have the same names."""
    return {key: (key, read) for key, read in readers.items()}


_KIND = _keys(kind=v.word)


# ------------------------------------------------------------------ slurm
def _slurm(place: Place, common: _Common) -> SlurmConfig:
    keys = {
        **_KIND,
        **_keys(nodes=v.at_least(1), gpus_per_node=v.at_least(0), cpus_per_node=v.at_least(1)),
        "memory_per_node": ("memory_per_node_mib", v.memory_mib),
        "time": ("time_s", v.duration_s(common["text"])),
        **_keys(partition=v.word, account=v.word, qos=v.word, constraint=v.word),
        **_keys(form=v.one_of("allocation", "array"), tasks=v.at_least(1)),
        **_keys(preemptible=v.yes_or_no, setup=v.shell_lines, sbatch=v.sbatch_lines),
        **_keys(data=v.data, python=v.line),
    }
    config = SlurmConfig(**v.fields(place, keys), **common)
    if config.form == "allocation" and "tasks" in place.value:
        raise place.child("tasks").error(
            "only an array has tasks, and `form` is allocation. Write `form: array`, or say with"
            " `nodes` how many nodes the allocation has."
        )
    if config.form == "array" and config.nodes > 1:
        raise place.child("nodes").error(
            f"each task of an array runs alone on one node, got nodes: {config.nodes}. Remove"
            " `nodes`, and say with `tasks` how many there are."
        )
    if config.form == "array" and "tasks" not in place.value:
        raise place.child("form").error("an array needs `tasks`. Write `tasks: 4`, say.")
    return config


# ------------------------------------------------------------------ cloud
def _check_order(place: Place) -> None:
    least, most = place.value.get("min") or 0, place.value.get("max") or 1
    if least > most:
        raise place.error(f"min ({least}) is more than max ({most}). Make max at least {least}.")


def _cloud_workers(place: Place) -> CloudWorkers:
    workers = CloudWorkers(**v.fields(place, _WORKERS, ("instance",)))
    _check_order(place)
    return workers


_HEAD = _keys(instance=v.word, disk_gib=v.at_least(10), image=v.word)
_WORKERS = {
    **_HEAD,
    **_keys(gpus=v.at_least(0), cpus=v.at_least(1), spot=v.yes_or_no),
    **_keys(min=v.at_least(0), max=v.at_least(1)),
}
_CLOUD = {
    **_KIND,
    **_keys(provider=v.one_of("aws", "gcp", "azure"), region=v.word, zone=v.word),
    **_keys(project=v.word, resource_group=v.word),
    "head": ("head", lambda place: CloudHead(**v.fields(place, _HEAD, ("instance",)))),
    "workers": ("workers", _cloud_workers),
    **_keys(idle_minutes=v.at_least(1), max_hours=v.hours, keep_hours=v.hours),
    **_keys(results=v.url, setup=v.shell_lines, wheel=v.own_path, data=v.data, ssh_user=v.word),
    "ray": ("ray", v.anything),
}
# What each provider can't do without.
_NEEDED = {"aws": (), "gcp": ("project",), "azure": ("resource_group",)}


def _cloud(place: Place, common: _Common) -> CloudConfig:
    required = ("provider", "region", "head", "workers")
    config = CloudConfig(**v.fields(place, _CLOUD, required), **common)
    for key in _NEEDED[config.provider]:
        if not place.value.get(key):
            raise place.error(f"the key `{key}` is missing, which {config.provider} needs.")
    for key, of in (("project", "gcp"), ("resource_group", "azure")):
        if key in place.value and config.provider != of:
            raise place.child(key).error(f"only {of} has this. Remove it.")
    if config.keep_hours > config.max_hours:
        raise place.error(
            f"keep_hours ({config.keep_hours:g}) is more than max_hours ({config.max_hours:g}),"
            " after which every machine ends. Make it less."
        )
    return config


# ------------------------------------------------------------------ the rest
_RAY = {
    **_KIND,
    **_keys(address=v.http_url, token_path=v.own_path, data=v.data, results=v.url),
    **_keys(workers=v.at_least(1)),
}


def _ray(place: Place, common: _Common) -> RayConfig:
    return RayConfig(**v.fields(place, _RAY, ("address",)), **common)


def _kubernetes_workers(place: Place) -> KubernetesWorkers:
    workers = KubernetesWorkers(**v.fields(place, _WORKER_PODS))
    _check_order(place)
    return workers


_POD = {**_keys(cpus=v.at_least(1), pod=v.anything), "memory": ("memory_mib", v.memory_mib)}
_WORKER_PODS = {**_POD, **_keys(gpus=v.at_least(0), min=v.at_least(0), max=v.at_least(1))}
_KUBERNETES = {
    **_KIND,
    **_keys(image=v.word, namespace=v.kubernetes_name, context=v.word),
    "head": ("head", lambda place: KubernetesHead(**v.fields(place, _POD))),
    "workers": ("workers", _kubernetes_workers),
    **_keys(service_account=v.kubernetes_name, results=v.url, env=v.environment),
    **_keys(secrets=v.names, ttl_minutes=v.at_least(0), max_hours=v.hours, data=v.data),
    "claims": ("claims", v.mounts),
}


def _kubernetes(place: Place, common: _Common) -> KubernetesConfig:
    return KubernetesConfig(**v.fields(place, _KUBERNETES, ("image",)), **common)


_LOCAL = {**_KIND, **_keys(gpus=v.at_least(0), cpus=v.at_least(1), data=v.data)}


def _local(place: Place, common: _Common) -> LocalConfig:
    return LocalConfig(**v.fields(place, _LOCAL), **common)


_KINDS: dict[str, Callable[[Place, _Common], ClusterConfig]] = {
    "slurm": _slurm,
    "cloud": _cloud,
    "ray": _ray,
    "kubernetes": _kubernetes,
    "local": _local,
}
