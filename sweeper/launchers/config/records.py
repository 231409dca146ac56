"""What a cluster file says, as frozen records: a class a kind.

In each: path is the file, text all of it as it stands. data: a path that is there on every node, or
a URL that every node fetches to its own disk, "" for none. results: a URL (fsspec) of a folder that
outlives the cluster, "" for none. setup: the user's own shell lines, verbatim.
A number that is None, and a word that is "", is left to the cluster's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmConfig:
    """`kind: slurm`.

    memory_per_node_mib: MiB.    time_s: seconds, whole minutes are what SLURM counts.
    form: one allocation of `nodes` nodes, or an array of `tasks` jobs of one node each.
    preemptible: the queue may take the nodes away at any time, and the job is put back in line.
    sbatch: more options of sbatch's, verbatim (`--mail-type=END`), without `#SBATCH`.
    python: the interpreter on the nodes, "" for the one that runs `sweep`.
    """

    kind: Literal["slurm"] = "slurm"
    path: Path
    text: str
    nodes: int = 1
    gpus_per_node: int = 0
    cpus_per_node: int | None = None
    memory_per_node_mib: int | None = None
    time_s: int | None = None
    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    form: Literal["allocation", "array"] = "allocation"
    tasks: int = 1
    preemptible: bool = False
    setup: tuple[str, ...] = ()
    sbatch: tuple[str, ...] = ()
    data: str = ""
    python: str = ""


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

    kind: Literal["cloud"] = "cloud"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RayConfig:
    """`kind: ray`: a Ray cluster that runs already.

    address: http(s):// of its dashboard, where the Jobs API is.
    token_path: absolute path of the file with its token, `~` expanded; "" where it has none.
    workers: None for as many as fit.
    """

    kind: Literal["ray"] = "ray"
    path: Path
    text: str
    address: str
    token_path: str = ""
    data: str = ""
    results: str = ""
    workers: int | None = None


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

    kind: Literal["kubernetes"] = "kubernetes"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalConfig:
    """`kind: local`: this machine, or a part of it. gpus, cpus: at most so many; None for all."""

    kind: Literal["local"] = "local"
    path: Path
    text: str
    gpus: int | None = None
    cpus: int | None = None
    data: str = ""


ClusterConfig: TypeAlias = SlurmConfig | CloudConfig | RayConfig | KubernetesConfig | LocalConfig
