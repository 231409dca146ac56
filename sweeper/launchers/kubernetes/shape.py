"""What a manifest is made from, and the names and paths that its documents share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.launchers import data
from sweeper.launchers.fit import share_gpus

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.kubernetes.config import KubernetesConfig
    from sweeper.records import Resources

# In a pod: the ConfigMap as it is mounted, and the pod's own disk.
SHIPPED, WORK = "/sweep/shipped", "/sweep/work"
SCRIPT = "run.sh"
DATA = f"{WORK}/data"
# KubeRay allows a RayJob's name 47 characters.
_LONGEST_NAME = 47

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a manifest is made from.

    job: the RayJob's name.    files: what is shipped of the spec's folder, absolute.
    results: URL of the run's own folder, "" for none.
    """

    order: DriverOrder
    config: KubernetesConfig
    job: str
    files: Sequence[Path]
    results: str
    ray_version: str

    @property
    def metadata(self) -> Document:
        """Of the RayJob."""
        return metadata(self.job, self.config)


def job_name(run_dir: Path, user: str, number: int = 1) -> str:
    """The RayJob's name: the run's, and a few letters that no other user's run has.

    number: of the run's driver, from 1. The same one gives the same name, so that putting it there
    twice by accident is refused.
    """
    word = re.sub(r"[^a-z0-9]+", "-", run_dir.name.lower()).strip("-")
    digest = hashlib.sha256(f"{user}:{run_dir}:{number}".encode()).hexdigest()[:6]
    word = word if word[:1].isalpha() else f"sweep-{word}"
    return f"{word[: _LONGEST_NAME - 7].rstrip('-')}-{digest}"


def files_name(job: str) -> str:
    """The ConfigMap's name."""
    return f"{job}-files"


def remote_dir(job: str) -> str:
    """The run's folder in the head's pod."""
    return f"{WORK}/{job}"


def data_path(config: KubernetesConfig) -> str:
    """What PYLEARN2_DATA_PATH is in a pod, "" for nothing."""
    return DATA if data.is_url(config.data) else config.data


def labels() -> Document:
    """Of everything that is ours."""
    return {"app.kubernetes.io/managed-by": "sweeper"}


def metadata(name: str, config: KubernetesConfig) -> Document:
    """Of an object of this name."""
    return {"name": name, "namespace": config.namespace, "labels": labels()}


def count_workers(resources: Resources, config: KubernetesConfig) -> int:
    """How many workers fit into all the pods that there may be."""
    pod = config.workers
    each = pod.cpus // resources.cpus
    if resources.gpus:
        each = min(each, share_gpus(resources.gpus, pod.gpus))
    return each * pod.max
