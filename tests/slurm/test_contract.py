"""A real SLURM keeps what every launcher keeps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.launchers.choose import launcher_by
from sweeper.testing.launchers import LauncherContract

pytestmark = pytest.mark.slurm

HERE = Path(__file__).parent
CLUSTER = """kind: slurm
nodes: 2
gpus_per_node: 1
cpus_per_node: 1
memory_per_node: 800M
time: 10 minutes
"""
SPEC = """sweep:
  name: steps
  resources: {gpus: 1}
  grid: {rate: [0.5, 0.6]}
---
!obj:steps.Steps {rate: {{ rate }}, seconds: 0.2, epochs: 10000}
"""


class TestSlurm(LauncherContract):
    @pytest.fixture
    def launcher(self, slurm, monkeypatch: pytest.MonkeyPatch) -> Launcher:
        for name in ("PATH", "SLURM_CONF", "SWEEP_LOGICAL_GPUS"):
            monkeypatch.setenv(name, slurm.environ[name])
        return launcher_by(cluster_file.loads(CLUSTER, "slurm.yaml"))

    @pytest.fixture
    def order(self, slurm, request: pytest.FixtureRequest) -> DriverOrder:
        home = slurm.shared / request.node.name[:30]
        home.mkdir()
        shutil.copy(HERE / "steps.py", home / "steps.py")
        (home / "grid.yaml.j2").write_text(SPEC)
        spec = specs.load(home / "grid.yaml.j2", {})
        expansion = specs.expand(spec)
        driver.create(spec, expansion, home / "run", published=True)
        return DriverOrder(
            home / "run", spec.path, {}, spec.header, len(expansion.trials), None, True
        )
