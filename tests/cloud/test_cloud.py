"""The cloud's whole trip on this machine: moto plays AWS, a shim plays ssh, Ray is real.

Each test runs in a namespace of its own, where Ray's `stop` reaches nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.cloud

BOX = Path(__file__).parent / "box"
SPEC = Path(__file__).parent / "spec" / "grid.yaml.j2"


@pytest.fixture
def isolated():
    """Runs a script of the box in a namespace; what it says after a mark, as JSON."""
    why = "" if os.geteuid() == 0 and shutil.which("unshare") else "needs root and `unshare`"
    if not why and subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        why = "this kernel gives no namespaces"
    if why:
        fail = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        fail(f"a cloud of one machine {why}")

    def run(mark: str, script: str, *words: object) -> dict[str, object]:
        command = ["bash", BOX / "isolate.sh", sys.executable, BOX / script, *words]
        environ = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        done = subprocess.run(
            list(map(str, command)),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith(f"{mark} ")]
        assert lines, done.stdout[-6000:]
        return json.loads(lines[0].removeprefix(mark))

    return run


@pytest.fixture
def box():
    """A short folder: Ray's sockets lie deep in it."""
    made = Path(tempfile.mkdtemp(prefix="swb", dir="/tmp"))
    yield made / "b"
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.timeout(600)
def test_a_sweep_on_rented_machines_survives_a_spot_reclaim(isolated, box, tmp_path):
    run_dir = tmp_path / "counting"
    run_dir.mkdir()
    found = isolated("TRIP", "trip.py", SPEC, run_dir, box)

    assert found["states"] == ["running", "over"]
    assert found["words"] == "the driver ended with exit code 0"
    with closing(sqlite3.connect(run_dir / "snapshot.db")) as store:
        attempts = store.execute("select state from attempts").fetchall()
        trials = store.execute("select state from trials").fetchall()
    assert sorted(state for (state,) in attempts) == ["finished", "finished", "lost"]
    assert trials == [("finished",), ("finished",)]

    # The reclaimed machine was a spot machine, another came for it, and the head is none.
    assert found["worker"]["is_spot"]
    kinds = [(one["kind"], one["is_spot"], one["state"]) for one in found["during"]]
    assert kinds.count(("head", False, "running")) == 1
    assert ("worker", True, "terminated") in kinds
    # The driver's last act gives all of it back from the head; `sweep down` can be repeated.
    assert "given back by the head" in found["seconds"]
    assert {one["state"] for one in found["after"]} == {"terminated"}
    assert "are given back" in found["said"]

    log = (box / "commands.log").read_text()
    machines = {one["ip"] for one in found["during"]} | {found["worker"]["ip"]}
    for ip in filter(None, machines):
        assert f"{ip} sudo shutdown -h +180" in log, f"{ip} did not arm its own end"
        assert f"{ip} pip install ray[default]==" in log
    assert "sudo shutdown -h +120" in log  # keep_hours, the driver's last act
    token = next(box.glob("*/sweep/files/token")).read_text()
    assert len(token) == 64
    assert token not in log
    assert token not in found["ray_up"]


def test_a_cluster_grows_from_no_worker_to_two_and_back(isolated, tmp_path):
    found = isolated("SCALED", "scaling.py", SPEC, tmp_path / "run")
    assert found["code"] == 0, found["said"]
    assert (found["before"], found["most"], found["after"]) == (0, 2, 0)
    assert "4 finished" in found["said"]
