"""A sweep on rented machines: `ray up`, the driver as a job on the head, `ray down`."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sweeper.host.variables import AUTOSCALING, PLACED, RESULTS
from sweeper.launchers.base import Job, asked_words
from sweeper.launchers.cloud import credentials, give_back, rayup
from sweeper.launchers.cloud.commands import NoHeadError, RayUp
from sweeper.launchers.cloud.wheel import make_wheel
from sweeper.launchers.remote import receive
from sweeper.launchers.remote.driver import (
    driver_command,
    head_command,
    job_name,
    job_of,
    results_of,
)
from sweeper.launchers.remote.shell import quoted
from sweeper.launchers.remote.shipping import files_to_ship
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError, SweepError
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import write_placed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.cloud.config import CloudConfig

_DASHBOARD = "http://127.0.0.1:8265"
_FACT = "ray_up"

_log = logging.getLogger(__name__)


class CloudLauncher:
    """See `base.Launcher`. The machines are the run's alone, and are given back after it."""

    has_folder = False

    def __init__(self, config: CloudConfig) -> None:
        self._config = config

    # -------------------------------------------------------------- submit
    def describe(self, order: DriverOrder) -> str:
        """The `ray up` file, checked, and what is done on the head."""
        made = self._made(job_name(order), "(a token, and sweeper's wheel)", "sweeper.whl")
        rayup.check(made, str(self._config.path))
        job = "JOB"
        return (
            f"# ray up\n{_text(made)}\n# then, on the head:\n"
            f"{self._submission(order, job, f'{rayup.FOLDER}/{job}')}\n"
        )

    def submit(self, order: DriverOrder) -> Placed:
        """Rent the machines, send the spec's folder, start the driver."""
        files = files_to_ship(order.spec_path)
        credentials.check(self._config)
        if order.before:
            return self._go_on(order, order.before, files)
        job = job_name(order)
        with tempfile.TemporaryDirectory(prefix="sweep-") as beside:
            made = self._made(job, beside, self._fill(Path(beside)))
            rayup.check(made, str(self._config.path))
            self._workers(order)  # refuses what does not fit
            cluster = RayUp(_text(made), job)
            # What finds the cluster again needs none of the files that were sent to it.
            later = RayUp(_text({**made, "file_mounts": {}}), job)
            placed = self._placed(order, job, later)
            # Before anything costs money: `sweep down` finds it if this process is killed.
            write_placed(order.run_dir, placed)
            try:
                cluster.up()
                self._start(later, order, job, files, placed.remote_dir)
            except BaseException:
                if _give_back(later, order.run_dir):
                    RunFolder(order.run_dir).placed.unlink(missing_ok=True)
                raise
        return replace(placed, started=time.time())

    def _placed(self, order: DriverOrder, job: str, cluster: RayUp) -> Placed:
        return Placed(
            kind="cloud",
            job=job,
            address=f"{self._config.provider} {self._config.region}",
            remote_dir=f"{rayup.FOLDER}/{job}",
            cluster_file=self._config.text,
            started=time.time(),
            facts={_FACT: cluster.text, "results": results_of(self._config.results, order, job)},
        )

    def _go_on(self, order: DriverOrder, before: Placed, files: list[Path]) -> Placed:
        """A new driver on the head that kept the run. Raises ClusterError where that is gone."""
        cluster, job = _cluster(before), job_name(order)
        run = RunFolder(Path(before.remote_dir))
        noted = quoted([str(run.path / give_back.EXIT_CODE), str(run.results_arrived)])
        try:
            cluster.exec(f"sudo shutdown -h +{rayup.minutes(self._config)}; rm -f {noted}")
        except NoHeadError:
            raise ClusterError(
                f"{before.job}: its head is gone, and the run's store with it: it was given back,"
                " or ended itself. This run can't go on. `sweep fetch` brings what is in"
                " `results`, if it had any; launch the sweep again."
            ) from None
        self._start(cluster, order, job, files, before.remote_dir)
        return replace(before, job=job, started=time.time())

    def _made(self, name: str, files: str, wheel: str) -> dict[str, Any]:
        return rayup.ray_up(
            self._config, cluster_name=name, ray_version=version("ray"), files=files, wheel=wheel
        )

    def _fill(self, target: Path) -> str:
        """Put a new token and the wheel into a folder; the wheel's name."""
        descriptor = os.open(target / rayup.TOKEN, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        if not self._config.wheel:
            return make_wheel(target).name
        wheel = Path(self._config.wheel)
        if not wheel.is_file():
            raise InputError(
                f"{self._config.path}, wheel: {wheel} is not there. Build it (`pip wheel --no-deps"
                " .`), or leave the key out: a wheel is then made of what is installed here."
            )
        shutil.copy2(wheel, target)
        return wheel.name

    def _workers(self, order: DriverOrder) -> int:
        resources = order.header.resources
        most = rayup.workers_asked(self._config, resources.cpus, resources.gpus)
        wanted = order.workers or order.header.workers
        if wanted is not None and wanted > most:
            raise InputError(
                f"workers: {wanted} were asked for, but {most} fit on the machines of"
                f" {self._config.path}. Ask for fewer, or raise `workers.max` there."
            )
        return min(order.trials, wanted or most)

    def _start(
        self, cluster: RayUp, order: DriverOrder, job: str, files: list[Path], remote_dir: str
    ) -> None:
        """Send the spec's folder, submit the driver."""
        with tempfile.TemporaryDirectory(prefix="sweep-") as staged:
            for path in files:
                copy = Path(staged) / path.relative_to(order.spec_path.parent)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
            cluster.send(f"{staged}/", _spec_dir(remote_dir))
        cluster.exec(self._submission(order, job, remote_dir))

    def _submission(self, order: DriverOrder, job: str, remote_dir: str) -> str:
        """The shell command on the head that submits the driver."""
        config = self._config
        results = results_of(config.results, order, job)
        last = ["python", "-m", "sweeper.launchers.cloud.give_back", remote_dir]
        kept = [str(config.keep_hours), str(int(bool(results))), str(int(config.workers.min > 0))]
        script = (
            f"{driver_command(order, remote_dir, self._workers(order))}; code=$?; "
            f'{quoted(last)} "$code" {quoted(kept)}; exit $code'
        )
        given = {PLACED: "1", AUTOSCALING: "1", RESULTS: results}
        environment = {"env_vars": {name: value for name, value in given.items() if value}}
        words = ["ray", "job", "submit", "--no-wait", "--submission-id", job]
        words += ["--working-dir", _spec_dir(remote_dir)]
        words += ["--runtime-env-json", json.dumps(environment), "--", "bash", "-c", script]
        return f"{_ray_here()}; export RAY_RUNTIME_ENV_IGNORE_GITIGNORE=1; {quoted(words)}"

    # -------------------------------------------------------------- afterwards
    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What the head says of the driver's job; "unknown" where there is no head, or no job.

        Raises ClusterError where the provider or the head does not answer.
        """
        script = (
            f"cat {quoted([placed.remote_dir])}/exit-code 2>/dev/null | sed 's/^/SWEEP-CODE /';"
            f" {_ray_here()}; {shlex.join(['python', '-c', _STATUS, placed.job])} || true"
        )
        try:
            said = _cluster(placed).exec(script)
        except NoHeadError:
            return Job("unknown", f"{placed.address} has no head of {placed.job} (any more)")
        if code := re.search(r"^SWEEP-CODE (\d+)", said, re.MULTILINE):
            return Job("over", f"the driver ended with exit code {code[1]}")
        found = re.search(r"^SWEEP-JOB (\{.*\}|null)$", said, re.MULTILINE)
        if not found:
            last = said.strip().splitlines()[-1:] or ["nothing"]
            raise ClusterError(
                f"{placed.job}: Ray does not answer on the head; it said last: {last[0]}. Try"
                " again; `sweep down` gives the machines back."
            )
        about = json.loads(found[1])
        return job_of(about) if about else Job("unknown", "the head knows no such job")

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver through the head."""
        _cluster(placed).exec(quoted(head_command("ask", placed.remote_dir, "stop", *trials)))
        return f"the driver (job {placed.job} on {placed.address}) was asked {asked_words(trials)}"

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Bring the newest snapshot from the results' URL, else from the head."""
        if url := placed.facts.get("results"):
            receive.from_url(url, run_dir, placed.job)
            return
        cluster = _cluster(placed)
        made = f"{placed.remote_dir}/.sent/{RunFolder(run_dir).snapshot.name}"
        cluster.exec(quoted(head_command("copy", placed.remote_dir, made)))
        with tempfile.TemporaryDirectory(prefix="sweep-") as here:
            received = RunFolder(Path(here)).snapshot
            cluster.receive(made, str(received))
            receive.write(run_dir, received.read_bytes())

    def down(self, placed: Placed, run_dir: Path) -> str:
        """Give the machines back, whatever state they are in."""
        _cluster(placed).down()
        return f"the machines of {placed.job} on {placed.address} are given back"


# Prints what the Jobs API says, by Ray's own client, which finds address and token in its
# environment.
_STATUS = """
import json, sys
from ray.job_submission import JobSubmissionClient
found = [job for job in JobSubmissionClient().list_jobs() if job.submission_id == sys.argv[1]]
print("SWEEP-JOB", json.dumps(
{"status": str(found[0].status.value), "message": found[0].message} if found else None))
"""


def _spec_dir(remote_dir: str) -> str:
    """Beside the run's folder, in a folder that is there: rsync makes one level."""
    return f"{remote_dir}-spec/"


def _ray_here() -> str:
    return f"{rayup.SECURED}; export RAY_API_SERVER_ADDRESS={_DASHBOARD}; unset RAY_ADDRESS"


def _cluster(placed: Placed) -> RayUp:
    return RayUp(placed.facts[_FACT], placed.job)


def _text(made: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(made), sort_keys=False, width=1000)


def _give_back(cluster: RayUp, run_dir: Path) -> bool:
    """After a failed start: whether nothing is left that costs money; else that is told."""
    try:
        cluster.down()
    except BaseException as error:  # a second Ctrl-C, too
        _log.error(
            "%s\nMachines of %s may still run and cost money: give them back by `sweep down %s`,"
            " and look at your cloud's console. Those that were set up shut themselves down after"
            " `max_hours`.",
            str(error) or type(error).__name__,
            cluster.name,
            run_dir,
        )
        if not isinstance(error, SweepError):
            raise
        return False
    return True
