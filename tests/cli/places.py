"""Two places for a driver, as processes of this host: with the run's disk, and with one apart."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from sweeper.host import processes
from sweeper.launchers import ray, slurm
from sweeper.launchers.base import Backend, Job
from sweeper.records import Placed
from sweeper.records.errors import ClusterError
from sweeper.runs.control import send_control

SWEEP = f"{sys.executable} -m sweeper"


def start(script: str, log: Path, **environ: str) -> str:
    """Run a shell script apart from this process; its process id."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **environ},
        )
    STARTED.append(process)
    return str(process.pid)


STARTED: list[subprocess.Popen[bytes]] = []


class Queue:
    """A queue on this host: starts a driver again when its time was short, as SLURM requeues."""

    has_folder = True

    def __init__(self, config):
        self.config = config

    def describe(self, order):
        again = "while sleep 0.2; do"
        run = f"{SWEEP} resume {order.run_dir} --here --workers 1"
        return f"{again} {run}; code=$?; [ $code = 75 ] || exit $code; done\n"

    def submit(self, order):
        if self.config.partition == "nosuch":
            raise ClusterError("sbatch: error: invalid partition specified: nosuch")
        job = start(self.describe(order), order.run_dir / "logs" / "job.log")
        return Placed("slurm", job, cluster_file=self.config.text, started=time.time())

    def look(self, placed, run_dir):
        for process in STARTED:
            process.poll()
        lives = processes.lives(int(placed.job), placed.started)
        return Job("running" if lives else "over", f"process {placed.job}")

    def stop(self, placed, run_dir, trials):
        send_control(run_dir, "stop", trials)
        return f"asked process {placed.job}"

    def fetch(self, placed, run_dir):
        raise AssertionError("nothing is fetched from a shared disk")

    def down(self, placed, run_dir):
        return f"process {placed.job} is not ours"


class Apart(Queue):
    """Ships the spec to a folder of its own and launches there."""

    has_folder = False

    def submit(self, order):
        there = order.run_dir.with_name(f"{order.run_dir.name}-there")
        shutil.copytree(
            order.spec_path.parent, there / "shipped", ignore=shutil.ignore_patterns("runs")
        )
        script = f"cd {there}/shipped && {SWEEP} launch {order.spec_path.name} --workers 1"
        script = f"{script} --out {there}/run"
        job = start(script, there / "job.log", SWEEP_PLACED="1")
        return Placed("ray", job, "http://x", f"{there}/run", self.config.text, started=time.time())

    def fetch(self, placed, run_dir):
        snapshot = Path(placed.remote_dir) / "snapshot.db"
        if not snapshot.exists():
            raise ClusterError(f"{snapshot}: not there yet")
        shutil.copy(snapshot, run_dir / ".new")
        (run_dir / ".new").replace(run_dir / "snapshot.db")

    def down(self, placed, run_dir):
        return "nothing is rented"


QUEUE = Backend(slurm.config.read, Queue)
APART = Backend(ray.config.read, Apart)
