"""A Ray cluster of the tests' own, with a token: its processes are ended by their ids."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from sweeper import spec as specs
from sweeper.launchers.base import DriverOrder
from sweeper.launchers.ray import RayLauncher
from sweeper.launchers.ray.api import JobsApi
from sweeper.launchers.ray.config import RayConfig

SPEC = Path(__file__).parent / "spec" / "grid.yaml.j2"
START_S = 60.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Head:
    """`ray start --head --block`, and nodes that join it, each a process of ours.

    A short folder of its own holds all that Ray writes, and tells its processes from others'.
    """

    def __init__(self, cpus: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="swt", dir="/tmp"))
        self.token_path = self.folder / "token"
        self.token_path.touch(mode=0o600)
        self.token_path.write_text(secrets.token_hex(32))
        self.port, dashboard = free_port(), free_port()
        self.address = f"http://127.0.0.1:{dashboard}"
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._start(
            "--head",
            f"--port={self.port}",
            f"--dashboard-port={dashboard}",
            f"--ray-client-server-port={free_port()}",
            f"--num-cpus={cpus}",
        )
        api = JobsApi(self.address, self.token_path.read_text(), patience_s=START_S)
        api.ray_version()

    def add_node(self, cpus: int) -> subprocess.Popen[bytes]:
        return self._start(f"--address=127.0.0.1:{self.port}", f"--num-cpus={cpus}")

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        environ = {
            **{name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token_path),
            "RAY_USAGE_STATS_ENABLED": "0",
            "HOME": str(self.folder),
        }
        log = (self.folder / f"start-{len(self.nodes)}.log").open("wb")
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options]
        command += [
            # Each its own: nodes unpack what is shipped there, and remove what another unpacked.
            f"--temp-dir={self.folder}/{len(self.nodes)}",
            "--num-gpus=0",
            "--object-store-memory=80000000",
            "--disable-usage-stats",
            f"--dashboard-agent-listen-port={free_port()}",
            f"--metrics-export-port={free_port()}",
            "--min-worker-port=0",
            "--max-worker-port=0",
        ]
        with log:
            node = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ
            )
        self.nodes.append(node)
        return node

    def end(self) -> None:
        for node in reversed(self.nodes):
            node.terminate()
        for node in self.nodes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.wait(timeout=20)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """Of all that Ray started for this cluster: its folder stands in their environment."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if str(self.folder).encode() in path.read_bytes():
                    found.append(int(path.parent.name))
        return found


@pytest.fixture(scope="session")
def head():
    made = Head(cpus=2)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def order(tmp_path):
    """Makes orders for a copy of the spec's folder."""

    def make(**defines: object) -> DriverOrder:
        folder = tmp_path / "spec"
        if not folder.exists():
            shutil.copytree(SPEC.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        run_dir = tmp_path / "runs" / "counting"
        run_dir.mkdir(parents=True, exist_ok=True)
        texts = {name: str(value) for name, value in defines.items()}
        spec = specs.load(folder / SPEC.name, texts)
        trials = len(specs.expand(spec).trials)
        return DriverOrder(run_dir, folder / SPEC.name, texts, spec.header, trials)

    return make


@pytest.fixture
def launcher():
    """Makes launchers for a cluster."""

    def make(head: Head, **changes: object) -> RayLauncher:
        text = f"kind: ray\naddress: {head.address}\ntoken_path: {head.token_path}\n"
        values = {"address": head.address, "token_path": str(head.token_path), **changes}
        return RayLauncher(RayConfig(path=Path("existing.yaml"), text=text, **values))

    return make


@pytest.fixture
def wait_for():
    """Waits until a condition holds; fails after so many seconds."""

    def wait(condition, what: str, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
            time.sleep(0.3)

    return wait


@pytest.fixture
def nobody():
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def make_head():
    """Starts a cluster with so many cores on its head, for one test."""
    made: list[Head] = []

    def make(cpus: int) -> Head:
        made.append(Head(cpus))
        return made[-1]

    yield make
    for head in made:
        head.end()
