"""`kind: cloud` of a cluster file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sweeper.launchers import readers as r
from sweeper.spec.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudHead:
    """The head, which is never a spot machine. image: "" for Ray's default of that region."""

    instance: str
    disk_gib: int = 100
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWorkers:
    """The autoscaled machines. cpus, gpus: of one machine; None leaves them to Ray to look up."""

    instance: str
    gpus: int | None = None
    cpus: int | None = None
    spot: bool = False
    min: int = 0
    max: int = 1
    image: str = ""
    disk_gib: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """`kind: cloud`: machines that `ray up` rents.

    project: of GCP.    resource_group: of Azure.
    idle_minutes: after them an idle worker machine is ended.
    max_hours: after them every machine ends itself, whatever happens.
    keep_hours: how long the head stays for `sweep fetch` where `results` is "".
    wheel: path on this machine of the wheel of sweeper that the nodes install, "" for the package
    index.    ray: more keys of a `ray up` file, merged into the one that is made, verbatim.
    """

    kind: str = "cloud"
    path: Path
    text: str
    provider: Literal["aws", "gcp", "azure"]
    region: str
    zone: str = ""
    project: str = ""
    resource_group: str = ""
    head: CloudHead
    workers: CloudWorkers
    idle_minutes: int = 5
    max_hours: float = 24.0
    keep_hours: float = 2.0
    results: str = ""
    setup: tuple[str, ...] = ()
    wheel: str = ""
    data: str = ""
    ssh_user: str = "ubuntu"
    ray: Mapping[str, Any] = field(default_factory=dict)


def _cloud_workers(place: Place) -> CloudWorkers:
    workers = CloudWorkers(**r.fields(place, _WORKERS, ("instance",)))
    r.check_range(place)
    return workers


_HEAD = r.keys(instance=r.word, disk_gib=r.at_least(10), image=r.word)
_WORKERS = {
    **_HEAD,
    **r.keys(gpus=r.at_least(0), cpus=r.at_least(1), spot=r.yes_or_no),
    **r.keys(min=r.at_least(0), max=r.at_least(1)),
}
_CLOUD = {
    **r.KIND,
    **r.keys(provider=r.one_of("aws", "gcp", "azure"), region=r.word, zone=r.word),
    **r.keys(project=r.word, resource_group=r.word),
    "head": ("head", lambda place: CloudHead(**r.fields(place, _HEAD, ("instance",)))),
    "workers": ("workers", _cloud_workers),
    **r.keys(idle_minutes=r.at_least(1), max_hours=r.hours, keep_hours=r.hours),
    **r.keys(results=r.url, setup=r.shell_lines, wheel=r.own_path, data=r.data, ssh_user=r.word),
    "ray": ("ray", r.anything),
}
# What each provider can't do without.
_NEEDED = {"aws": (), "gcp": ("project",), "azure": ("resource_group",)}


def read(place: Place, common: r.Common) -> CloudConfig:
    """Check the mapping of a cluster file. Raises InputError."""
    required = ("provider", "region", "head", "workers")
    config = CloudConfig(**r.fields(place, _CLOUD, required), **common)
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
