"""A folder with a spec and two places for its driver, and `sweep` in this process."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from places import STARTED

from sweeper import cli
from sweeper.launchers import registry

sys.path.append(str(Path(__file__).parent))

from looking import GRID, TOY


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a spec, cluster files and the two places of `places`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(registry._OWN, "slurm", "places:QUEUE")
    monkeypatch.setitem(registry._OWN, "ray", "places:APART")
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "grid.yaml.j2").write_text(GRID)
    (tmp_path / "queue.yaml").write_text("kind: slurm\nnodes: 1\n")
    (tmp_path / "nosuch.yaml").write_text("kind: slurm\nnodes: 1\npartition: nosuch\n")
    yield tmp_path
    for process in STARTED:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
    STARTED.clear()


@pytest.fixture
def sweep(here, capfd):
    """sweep("status", "run") in this process: (exit code, stdout, stderr)."""

    def run(*arguments):
        code = cli.run(arguments)
        said = capfd.readouterr()
        return code, said.out, said.err

    return run
