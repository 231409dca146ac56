"""Four real separate hosts: the driver's, and three that work; see netray.sh."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

NETRAY = Path(__file__).with_name("netray.sh")
WORKERS = (1, 2, 3)
# A node that the head can't hear is declared dead after 6 s or so instead of a minute.
HEALTH = {
    "RAY_health_check_initial_delay_ms": "5000",
    "RAY_health_check_period_ms": "2000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}
PROGRAMS = ("ip", "nsenter", "unshare")


class Hosts:
    """Hosts h0..h3 and a Ray cluster on them."""

    def __init__(self, scratch):
        number = os.getpid() % 1000
        self._net = f"10.{200 + number // 250}.{number % 250}"
        token = scratch / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            **HEALTH,
            "S": str(scratch),
            "P": f"sw{number}",
            "NET": self._net,
            "BIN": str(Path(sys.executable).parent),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_ADDRESS": f"{self._net}.10:6379",
            "SWEEP_SCRATCH": "/tmp/ray/sweep",
        }

    def call(self, *arguments, **options):
        return subprocess.run(
            [NETRAY, *map(str, arguments)], env=self._environ, check=True, **options
        )

    def up(self):
        self.call("up", 1 + len(WORKERS))
        memory = "--object-store-memory=80000000"
        head = ("--head", "--port=6379", "--include-dashboard=false", "--num-cpus=0")
        self._start(0, *head, memory)
        address = f"--address={self._net}.10:6379"
        # Not all at once: Ray gives up on a node that takes 30 s, and they share this machine.
        with ThreadPoolExecutor(2) as pool:
            for started in [
                pool.submit(self._start, host, address, "--num-cpus=2", memory) for host in WORKERS
            ]:
                started.result()

    def _start(self, host, *options):
        try:
            self.call("node", host, "--num-gpus=0", *options)
        except subprocess.CalledProcessError as error:
            log = Path(self._environ["S"], f"ray{host}.log")
            raise RuntimeError(f"Ray did not start on h{host}: {log.read_text()}") from error

    def cut(self, host):
        self.call("cut", host.removeprefix("h"))

    def heal(self, host):
        self.call("heal", host.removeprefix("h"))

    def kill(self, host):
        self.call("kill", host.removeprefix("h"))

    def sweep(self, *arguments, cwd):
        """Start `sweep ...` on host 0."""
        command = [NETRAY, "exec", "0", sys.executable, "-m", "sweeper", *map(str, arguments)]
        return subprocess.Popen(
            command,
            env=self._environ,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def hosts():
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    reason = f"needs root and {', '.join(PROGRAMS)}; missing: {', '.join(missing) or 'none'}"
    if missing or os.geteuid() != 0:
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="swh", dir="/tmp", ignore_cleanup_errors=True) as name:
        made = Hosts(Path(name))
        try:
            made.up()
            yield made
        finally:
            made.call("down")
