"""The launcher: a script into the queue, and SLURM asked about it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeper.launchers.base import Job, asked_words
from sweeper.launchers.slurm import checks, queue, script
from sweeper.records import Placed
from sweeper.records.errors import InputError
from sweeper.runs.control import send_control
from sweeper.runs.placed import TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.slurm.config import SlurmConfig

# How long an allocation may take to end once it was cancelled: SLURM's own patience, and more.
END_S = 60.0
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class SlurmLauncher:
    """See `base.Launcher`. The run's folder is on a disk that the nodes share."""

    config: SlurmConfig
    has_folder: bool = True

    def describe(self, order: DriverOrder) -> str:
        """The batch script."""
        checks.check(order, self.config)
        return script.text(order, self.config)

    def submit(self, order: DriverOrder) -> Placed:
        """Submit it."""
        text = self.describe(order)
        checks.check_site(order, self.config)
        path = order.run_dir / script.FOLDER / "job.sh"
        _write(path, text)
        try:
            given = [name for name, _ in script.asked(order, self.config)]
            job = queue.submit(str(path), given)
        except queue.RefusedError as error:
            raise checks.refusal(error, self.config) from error
        return Placed(
            kind="slurm",
            job=job,
            cluster_file=self.config.text,
            started=time.time(),
            facts={
                "form": self.config.form,
                **self._tasks(order),
                # Each task of an array is a job with a number of its own.
                "log": script.log_of(order, "*" if self.config.form == "array" else job),
            },
        )

    def _tasks(self, order: DriverOrder) -> dict[str, str]:
        is_array = self.config.form == "array"
        return {TASKS: str(checks.tasks_of(order, self.config))} if is_array else {}

    def adopted(self, noted: Placed) -> Placed:
        """See `base.Adopting`. A run in parts is an array, whatever the file says now."""
        form = "array" if TASKS in noted.facts else "allocation"
        facts = {**noted.facts, "form": form}
        return replace(noted, cluster_file=self.config.text, facts=facts, is_own=True)

    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What `scontrol show job` says."""
        return queue.sum_up(placed.job, queue.look(placed.job))

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver by the run's folder; cancel a job that only waits."""
        now = self.look(placed, run_dir)
        if now.state == "over":
            return f"{now.words}: nothing to stop."
        if now.state == "waiting" and not trials:
            queue.cancel(placed.job)
            return f"SLURM's job {placed.job} was still waiting; it was cancelled."
        is_array = placed.facts.get("form") == "array"
        send_control(run_dir, "stop", trials)
        if not trials:
            if is_array:
                queue.cancel(placed.job, "--state=PENDING")
            queue.cancel(placed.job, "--signal=USR2", "--batch")  # a driver may be yet to come
        asked = "drivers were" if is_array else "driver was"
        return f"SLURM's job {placed.job}: the {asked} asked {asked_words(trials)}"

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Nothing to do: the disk is shared."""

    def down(self, placed: Placed, run_dir: Path) -> str:
        """Cancel the job and wait until it is gone."""
        if self.look(placed, run_dir).state == "over":
            return f"SLURM's job {placed.job} is over: nothing is held."
        queue.cancel(placed.job)
        until = time.monotonic() + END_S
        while self.look(placed, run_dir).state != "over":
            if time.monotonic() > until:
                return f"SLURM's job {placed.job} was cancelled and is still ending."
            time.sleep(_POLL_S)
        return f"SLURM's job {placed.job} was cancelled."


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"{path}: the job's script can't be written: {os.strerror(error.errno or 0)}. Free some"
            " space, or name a folder on another disk with --out."
        ) from error
