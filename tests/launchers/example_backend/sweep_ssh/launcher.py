"""The launcher: ssh starts the driver, and asks whether its process lives."""

from __future__ import annotations

import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from sweep_ssh.config import SshConfig
from sweeper.launchers.base import DriverOrder, Job, asked_words
from sweeper.records import Placed
from sweeper.records.errors import ClusterError
from sweeper.runs.control import send_control


@dataclass(frozen=True, slots=True)
class SshLauncher:
    """See `sweeper.launchers.base.Launcher`."""

    config: SshConfig
    has_folder: bool = True

    def describe(self, order: DriverOrder) -> str:
        words = ["-m", "sweeper", "resume", str(order.run_dir), "--here"]
        words += ["--workers", str(order.workers)] if order.workers else []
        words += ["--code-changed-ok"] if order.code_changed_ok else []
        log = shlex.quote(str(order.run_dir / "logs" / "ssh.log"))
        return f"nohup {self.config.python} {shlex.join(words)} >>{log} 2>&1 </dev/null & echo $!\n"

    def submit(self, order: DriverOrder) -> Placed:
        pid = self._ask(self.describe(order)).strip()
        text = self.config.text
        return Placed("ssh", pid, self.config.host, cluster_file=text, started=time.time())

    def look(self, placed: Placed, run_dir: Path) -> Job:
        # A process that is over may still be listed, as a zombie.
        said = self._ask(f"grep -s '^State:' /proc/{placed.job}/status || true")
        is_over = not said or "zombie" in said
        return Job("over" if is_over else "running", f"process {placed.job} on {placed.address}")

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        send_control(run_dir, "stop", trials)
        return f"process {placed.job} on {placed.address} was asked {asked_words(trials)}"

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Nothing to do: the disk is shared."""

    def down(self, placed: Placed, run_dir: Path) -> str:
        self._ask(f"kill {placed.job} 2>/dev/null || true")
        return f"process {placed.job} on {placed.address} is ended"

    def _ask(self, command: str) -> str:
        words = ["ssh", "-o", "BatchMode=yes", self.config.host, command]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise ClusterError(f"ssh {self.config.host}: {done.stderr.strip()}")
        return done.stdout
