"""The launcher of this machine: its driver is a process in the background, or this very one."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeper.host import processes
from sweeper.launchers.base import Job
from sweeper.launchers.local.confine import confine
from sweeper.records import Placed
from sweeper.records.errors import SweepError
from sweeper.runs.control import send_control
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_read
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.local.config import LocalConfig
    from sweeper.records import SweepRecord

# A driver that is told to end saves what runs first.
END_S = 60.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class LocalLauncher:
    """See `base.Launcher` and `base.InProcess`."""

    config: LocalConfig
    has_folder: bool = True

    # -------------------------------------------------------------- this process
    def confine(self, *, fetch: bool = True) -> None:
        """See `base.InProcess`."""
        confine(self.config, fetch=fetch)

    def here(self) -> Placed:
        """See `base.InProcess`."""
        return self._placed(os.getpid())

    def _placed(self, pid: int) -> Placed:
        text = self.config.text
        return Placed(self.config.kind, str(pid), cluster_file=text, started=time.time())

    # -------------------------------------------------------------- a process behind
    def describe(self, order: DriverOrder) -> str:
        """The driver's command."""
        return f"{shlex.join(_command(order))}\n"

    def submit(self, order: DriverOrder) -> Placed:
        """Start a driver that outlives this shell."""
        log = RunFolder(order.run_dir).driver_log
        # A child of a shell that is gone: it ends as anybody's, also where this process stays to
        # watch. In a session of its own, so that Ctrl-C here and the end of this terminal are not
        # for it.
        started = subprocess.run(
            ["sh", "-c", '"$@" >>"$0" 2>&1 </dev/null & echo $!', str(log), *_command(order)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            check=True,
        )
        return self._placed(int(started.stdout))

    def adopted(self, noted: Placed) -> Placed:
        """See `base.Adopting`."""
        return replace(noted, cluster_file=self.config.text, is_own=True)

    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What the store says, which any driver of this disk writes; else the process."""
        sweep = _sweep(run_dir)
        if sweep is not None and driver_lives(sweep, host=socket.gethostname(), now=time.time()):
            return Job("running", f"process {sweep.pid} on {sweep.host}")
        is_unheard = sweep is None or sweep.heartbeat < placed.started
        if is_unheard and _lives(placed):
            return Job("waiting", f"process {placed.job} has not said anything yet")
        return Job("over")

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver by the run's folder."""
        if self.look(placed, run_dir).state == "over":
            return f"process {placed.job} is over: nothing to stop"
        send_control(run_dir, "stop", trials)
        if trials:
            return f"asked the driver to end {', '.join(trials)}"
        return "asked the driver to end: what runs is saved, `sweep resume` goes on with it"

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Nothing to do: the run is on this disk."""

    def down(self, placed: Placed, run_dir: Path) -> str:
        """End the driver's process, and wait until it is gone."""
        if not _lives(placed):
            return f"process {placed.job} is over: nothing is held"
        with suppress(ProcessLookupError):
            os.kill(int(placed.job), signal.SIGTERM)
        until = time.monotonic() + END_S
        while _lives(placed):
            if time.monotonic() > until:
                return f"process {placed.job} was told to end and is still ending"
            time.sleep(_POLL_S)
        return f"process {placed.job} was ended"


def _command(order: DriverOrder) -> list[str]:
    # -P: without the folder where this shell stands, whose types.py would hide Python's own.
    words = [sys.executable, "-P", "-m", "sweeper", "resume", str(order.run_dir)]
    words += ["--workers", str(order.workers)] if order.workers else []
    return [*words, *(["--code-changed-ok"] if order.code_changed_ok else [])]


def _sweep(run_dir: Path) -> SweepRecord | None:
    """What the store says of the run, None where it can't be read (yet)."""
    with suppress(SweepError), closing(open_to_read(run_dir)) as store:
        return store.sweep()
    return None


def _lives(placed: Placed) -> bool:
    """Whether the process lives that was put there; a run that nobody put anywhere names none."""
    return placed.job.isdecimal() and processes.lives(int(placed.job), placed.started)
