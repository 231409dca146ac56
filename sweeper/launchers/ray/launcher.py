"""A sweep's driver as a job on a Ray cluster that runs already."""

from __future__ import annotations

import logging
import secrets
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.host.variables import DATA_PATH, PLACED, RESULTS
from sweeper.launchers import data
from sweeper.launchers.base import Job, asked_words
from sweeper.launchers.ray import everywhere, preflight
from sweeper.launchers.ray.api import POLL_S, JobsApi
from sweeper.launchers.ray.tokens import find_token
from sweeper.launchers.remote import packages, receive
from sweeper.launchers.remote.driver import (
    LOG_LINES,
    driver_command,
    head_command,
    job_name,
    job_of,
    remote_dir_in,
    results_of,
)
from sweeper.launchers.remote.shipping import files_to_ship
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError, SweepError

if TYPE_CHECKING:
    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.ray.config import RayConfig

SMALL_JOB_S = 120.0
_BEGINS_S = 60.0  # the cluster unpacks what was shipped before the driver starts

_log = logging.getLogger(__name__)


class RayLauncher:
    """See `base.Launcher`. The cluster is not ours: it is neither started nor ended."""

    has_folder = False

    def __init__(self, config: RayConfig) -> None:
        self._config = config

    # -------------------------------------------------------------- submit
    def describe(self, order: DriverOrder) -> str:
        """The job as it would be submitted, and the files that would be sent."""
        folder = order.spec_path.parent
        names = [str(path.relative_to(folder)) for path in files_to_ship(order.spec_path)]
        entrypoint = driver_command(order, f"~/sweeps/{order.run_dir.name}", self._config.workers)
        listing = "".join(f"  {name}\n" for name in names)
        variables = self._variables(results_of(self._config.results, order, order.run_dir.name))
        return (
            f"# POST {self._config.address}/api/jobs/\n{entrypoint}\n"
            + "".join(f"# {name}={value}\n" for name, value in variables.items())
            + f"# sent from {folder}:\n{listing}"
        )

    def submit(self, order: DriverOrder) -> Placed:
        """Look at the cluster, send the spec's folder, start the driver there."""
        files = packages.read_files(order.spec_path.parent, files_to_ship(order.spec_path))
        api = self._api()
        found = self._look_first(api)
        job = job_name(order)
        remote_dir = order.before.remote_dir if order.before else f"{found.home}/sweeps/{job}"
        results = results_of(self._config.results, order, job)
        environment: dict[str, Any] = {
            "working_dir": api.upload(*packages.zipped(files)),
            "py_modules": [api.upload(*packages.zipped(packages.own_code()))],
            "env_vars": self._variables(results),
        }
        entrypoint = driver_command(order, remote_dir, self._config.workers)
        url = self._config.data
        if data.is_url(url):
            folder = f"/tmp/swp-data-{found.uid}/{data.node_folder(url).name}"
            environment["env_vars"][DATA_PATH] = folder
            entrypoint = f"{everywhere.command(url, folder)} && {entrypoint}"
        started = time.time()
        try:
            api.submit(entrypoint, job=job, runtime_env=environment)
            _await_start(api, job)
        except BaseException:
            try:
                api.end(job)  # of Ctrl-C, say: nobody would know of it
            except SweepError:  # the reason is the other error
                _log.warning("job %s may run on %s: it could not be ended", job, api.address)
            raise
        return Placed(
            kind="ray",
            job=job,
            address=self._config.address,
            remote_dir=remote_dir,
            cluster_file=self._config.text,
            started=started,
            facts={"results": results},
        )

    def _look_first(self, api: JobsApi) -> preflight.Found:
        """What is there; differences are told before anything is sent."""
        api.ray_version()
        names = sorted({one.name for one in preflight.needed()} | {"jaxlib"})
        entrypoint = shlex.join(["python", "-c", preflight.SCRIPT, *names])
        _, said = api.run(entrypoint, job=_small_job("look"), runtime_env={}, timeout_s=SMALL_JOB_S)
        found = preflight.read(said, api.address)
        for line in preflight.check(found, api.address):
            _log.warning("notice: %s", line)
        return found

    def _variables(self, results: str) -> dict[str, str]:
        found = {PLACED: "1", RESULTS: results}
        if self._config.data and not data.is_url(self._config.data):
            found[DATA_PATH] = self._config.data
        return {name: value for name, value in found.items() if value}

    def adopted(self, noted: Placed) -> Placed:
        """See `base.Adopting`. The cluster has the command that the job was started with."""
        address = self._config.address
        found = self._api().job(noted.job)
        remote_dir = remote_dir_in(str((found or {}).get("entrypoint")))
        if found is None or not remote_dir:
            raise InputError(
                f"{noted.kind} job {noted.job}: {address} knows no driver of that name, so there is"
                " nothing to ask about. Name the cluster file that it was launched with."
            )
        results = ((found.get("runtime_env") or {}).get("env_vars") or {}).get(RESULTS, "")
        return Placed(
            kind=noted.kind,
            job=noted.job,
            address=address,
            remote_dir=remote_dir,
            cluster_file=self._config.text,
            started=noted.started,
            facts={"results": str(results)},
        )

    # -------------------------------------------------------------- afterwards
    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What the cluster says of the driver's job."""
        found = self._api(patience_s=5.0).job(placed.job)
        if found is None:
            return Job("unknown", f"the cluster at {placed.address} knows no job {placed.job}")
        return job_of(found)

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver through a small job beside it; one that only waits is cancelled."""
        api = self._api()
        state = self.look(placed, run_dir).state
        if state == "over":
            return f"job {placed.job} is over already"
        if state == "waiting" and not trials:
            api.end(placed.job)
            return f"job {placed.job} only waited; it is cancelled"
        self._beside(api, placed, "ask", "stop", *trials)
        return f"the driver (job {placed.job} on {placed.address}) was asked {asked_words(trials)}"

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Bring the newest snapshot, from the results' URL if there is one, else by a job's log."""
        if url := placed.facts.get("results"):
            receive.from_url(url, run_dir, placed.job)
            return
        api = self._api()
        receive.from_logs(
            run_dir, lambda *words: self._beside(api, placed, "send", *words), where=placed.address
        )

    def down(self, placed: Placed, run_dir: Path) -> str:
        """End the driver's job at once; the cluster stays."""
        api = self._api()
        if self.look(placed, run_dir).state in ("over", "unknown"):
            return (
                f"job {placed.job} is over; the cluster at {placed.address} is not ours: it stays"
            )
        api.end(placed.job)
        return f"job {placed.job} is ended; the cluster at {placed.address} is not ours: it stays"

    def _beside(self, api: JobsApi, placed: Placed, what: str, *words: str) -> str:
        """Run our small program on the head, on the run's folder there; what it printed."""
        environment = {"py_modules": [api.upload(*packages.zipped(packages.own_code()))]}
        is_done, said = api.run(
            shlex.join(head_command(what, placed.remote_dir, *words)),
            job=_small_job(what),
            runtime_env=environment,
            timeout_s=SMALL_JOB_S,
        )
        if not is_done:
            last = said.strip().splitlines()[-1:] or ["nothing"]
            raise ClusterError(
                f"{placed.address}, {placed.remote_dir}: the head could not {what}: {last[0]}. Look"
                " whether the run is still there: another head does not know of it."
            )
        return said

    def _api(self, patience_s: float = 10.0) -> JobsApi:
        return JobsApi(
            self._config.address, find_token(self._config.token_path), patience_s=patience_s
        )


def _small_job(what: str) -> str:
    return f"sweep-{what}-{secrets.token_hex(6)}"


def _await_start(api: JobsApi, job: str) -> None:
    """Wait until the driver runs, or waits for room. Raises ClusterError where it can't start."""
    until = time.monotonic() + _BEGINS_S
    while time.monotonic() < until:
        found = api.job(job) or {}
        if found.get("status") == "FAILED":
            said = "\n".join(api.log(job).strip().splitlines()[-LOG_LINES:])
            raise ClusterError(
                f"{api.address}: the driver's job failed as it started: {found.get('message')}"
                f"\n{said}"
            )
        if found.get("status") != "PENDING":
            return
        time.sleep(POLL_S)
