"""A sweep as a RayJob: kubectl creates it, asks about it, and removes it."""

from __future__ import annotations

import contextlib
import getpass
import json
import logging
import socket
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sweeper.launchers.base import Job, asked_words
from sweeper.launchers.kubernetes.files import LIMIT_BYTES
from sweeper.launchers.kubernetes.kubectl import (
    ExistsError,
    Kubectl,
    NoOperatorError,
    NotFoundError,
)
from sweeper.launchers.kubernetes.manifest import HEAD_CONTAINER, manifest
from sweeper.launchers.kubernetes.shape import (
    Shape,
    count_workers,
    files_name,
    job_name,
    remote_dir,
)
from sweeper.launchers.kubernetes.text import dump
from sweeper.launchers.remote import receive
from sweeper.launchers.remote.driver import head_command
from sweeper.launchers.remote.shipping import files_to_ship
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError, SweepError

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.kubernetes.config import KubernetesConfig

_log = logging.getLogger(__name__)

# Facts that a run's folder keeps: its results' URL, and how many drivers it had.
_RESULTS, _NUMBER = "results", "driver"
_RUNNING = {"Running"}
_OVER = {"Complete", "Failed"}


class KubernetesLauncher:
    """See `base.Launcher`. The pods are the run's alone, and end some time after it."""

    has_folder = False

    def __init__(self, config: KubernetesConfig) -> None:
        self._config = config
        self._kubectl = Kubectl(config.namespace, config.context)

    # -------------------------------------------------------------- submit
    def describe(self, order: DriverOrder) -> str:
        """The manifest."""
        return dump(manifest(self._shape(order)))

    def submit(self, order: DriverOrder) -> Placed:
        """Create the ConfigMap and the RayJob. Raises InputError, ClusterError."""
        shape = self._shape(order)
        job = shape.job
        files, ray_job = manifest(shape)
        try:
            self._create(files)
            self._create(ray_job)
        except ExistsError as error:
            raise InputError(
                f"{order.run_dir}: Kubernetes has a job {job} of this run already. `sweep status`"
                " says how it is, `sweep down` removes it."
            ) from error
        except BaseException:
            # Also of a call without an answer: what it asked for may be there.
            self._take_back(job)
            raise
        return Placed(
            kind="kubernetes",
            job=job,
            address=self._config.namespace,
            remote_dir=remote_dir(job),
            cluster_file=self._config.text,
            started=time.time(),
            facts={_RESULTS: shape.results, _NUMBER: str(_number(order))},
        )

    def _shape(self, order: DriverOrder) -> Shape:
        self._check_fit(order)
        user = f"{getpass.getuser()}@{socket.gethostname()}"
        job = job_name(order.run_dir, user, _number(order))
        return Shape(
            order,
            self._config,
            job=job,
            files=files_to_ship(order.spec_path, limit_bytes=LIMIT_BYTES),
            results=self._results(order, job),
            ray_version=version("ray"),
        )

    def _results(self, order: DriverOrder, job: str) -> str:
        """The URL of the run's folder: that of its first job. Raises InputError."""
        if order.before is None:
            return receive.run_url(self._config.results, job)
        if url := order.before.facts.get(_RESULTS, ""):
            return url
        raise InputError(
            f"{order.run_dir}: this run can't be resumed: its store ended with the head's pod."
            " `sweep fetch` and `sweep report` show what it found; launch the spec again for the"
            " rest, with a `results` URL in the cluster file, from which a run can go on."
        )

    def _create(self, document: dict[str, Any]) -> None:
        # Not `apply`: that keeps a second copy in an annotation, which is too small for the files,
        # and changes a run that has this name already.
        self._kubectl.run("create", "--filename=-", stdin=dump([document]))

    def _check_fit(self, order: DriverOrder) -> None:
        resources, pod = order.header.resources, self._config.workers
        most = count_workers(resources, self._config)
        wanted = order.workers or order.header.workers
        if not most:
            raise InputError(
                f"{self._config.path}, workers: a worker of this sweep takes {resources.cpus} cores"
                f" and {resources.gpus:g} GPUs, a pod has {pod.cpus} and {pod.gpus}. Give the pods"
                " more, or ask for less under `resources` in the spec's header."
            )
        if wanted is not None and wanted > most:
            raise InputError(
                f"workers: {wanted} were asked for, but {most} fit into the pods of"
                f" {self._config.path}. Ask for fewer, or raise `workers.max` there."
            )

    # -------------------------------------------------------------- afterwards
    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What the operator says of the job, or why its pods wait."""
        try:
            status = self._get("rayjob", placed.job).get("status") or {}
        except NotFoundError:
            return Job(
                "unknown", f"namespace {placed.address} has no RayJob {placed.job} (any more)"
            )
        deployment = str(status.get("jobDeploymentStatus") or "")
        words = " ".join(str(status.get(key) or "") for key in ("jobStatus", "reason", "message"))
        if deployment in _OVER:
            return Job("over", " ".join(words.split()))
        if deployment in _RUNNING:
            return Job("running", " ".join(words.split()))
        return Job(
            "waiting", self._why_pods_wait(status) or deployment or "not seen by the operator"
        )

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver through its pod; a job whose pods only wait is removed."""
        state = self.look(placed, run_dir).state
        if state in {"over", "unknown"}:
            return f"RayJob {placed.job} is over already"
        if state == "waiting":
            if trials:
                raise ClusterError(
                    f"RayJob {placed.job} still waits for its pods, so no trial can be asked to"
                    " end. Try again when it runs, or stop all of it."
                )
            self._remove(placed.job)
            return f"RayJob {placed.job} only waited; it is removed"
        self._on_head(placed, "ask", "stop", *trials)
        return (
            f"the driver (RayJob {placed.job} in {placed.address}) was asked {asked_words(trials)}"
        )

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Bring the newest snapshot from the results' URL, else out of the head's pod."""
        if url := placed.facts.get(_RESULTS, ""):
            receive.from_url(url, run_dir, placed.job)
            return
        receive.from_logs(
            run_dir, lambda *words: self._on_head(placed, "send", *words), where=placed.job
        )

    def down(self, placed: Placed, run_dir: Path) -> str:
        """Remove the job, its pods and its files."""
        self._remove(placed.job)
        return f"RayJob {placed.job} in namespace {placed.address} and its pods are removed"

    # -------------------------------------------------------------- kubectl
    def _take_back(self, job: str) -> None:
        """After a failed start: nothing is left, or it is told."""
        try:
            self._remove(job)
        except SweepError as error:
            _log.error(
                "%s\nWhat was created may be left: kubectl delete --namespace=%s rayjob/%s"
                " configmap/%s",
                error,
                self._config.namespace,
                job,
                files_name(job),
            )

    def _remove(self, job: str) -> None:
        what = [f"rayjob/{job}", f"configmap/{files_name(job)}"]
        for one in what:
            # Without an operator there is no RayJob to remove, and the files still are.
            with contextlib.suppress(NoOperatorError):
                self._kubectl.run("delete", one, "--ignore-not-found", "--wait=false")

    def _get(self, kind: str, *words: str) -> dict[str, Any]:
        said = self._kubectl.run("get", kind, *words, "--output=json")
        try:
            found = json.loads(said)
        except ValueError:
            raise ClusterError(f"kubectl get {kind}: expected JSON, got {said[:200]!r}.") from None
        return found if isinstance(found, dict) else {}

    def _pods(self, cluster: str, more: str = "") -> list[dict[str, Any]]:
        found = self._get("pods", f"--selector=ray.io/cluster={cluster}{more}").get("items")
        return list(found or [])

    def _on_head(self, placed: Placed, *words: str) -> str:
        """Run our small program in the head's pod, on the run's folder there; what it printed."""
        status = self._get("rayjob", placed.job).get("status") or {}
        cluster = str(status.get("rayClusterName") or "")
        heads = self._pods(cluster, ",ray.io/node-type=head") if cluster else []
        if not heads:
            raise ClusterError(
                f"RayJob {placed.job}: its head's pod is gone, and what it held with it. Pods stay"
                " for `ttl_minutes` after the end; with a `results` URL nothing is lost."
            )
        pod = heads[0]["metadata"]["name"]
        what, *rest = words
        command = head_command(what, placed.remote_dir, *rest)
        return self._kubectl.run(
            "exec", pod, f"--container={HEAD_CONTAINER}", "--", *command, timeout_s=600.0
        )

    def _why_pods_wait(self, status: dict[str, Any]) -> str:
        """What Kubernetes says of the first pod that can't start; "" where it says nothing."""
        cluster = status.get("rayClusterName")
        for pod in self._pods(str(cluster)) if cluster else []:
            if why := _why_pod_waits(pod):
                return f"pod {pod['metadata']['name']}: {why}"
        return ""


def _number(order: DriverOrder) -> int:
    """Of the run's driver that is to be put there, from 1."""
    return 1 if order.before is None else int(order.before.facts.get(_NUMBER, "1")) + 1


def _why_pod_waits(pod: dict[str, Any]) -> str:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("message") or condition.get("reason") or "")
    containers = [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in {None, "PodInitializing", "ContainerCreating"}:
            return f"{waiting['reason']}: {waiting.get('message') or ''}".rstrip(": ")
    return ""
