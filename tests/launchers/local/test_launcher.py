"""This machine is a launcher like the others."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.launchers.choose import config_of, launcher_by
from sweeper.launchers.local import LocalLauncher
from sweeper.launchers.local.config import LocalConfig
from sweeper.records import Placed
from sweeper.runs.control import take_control
from sweeper.runs.open import open_to_drive
from sweeper.testing.launchers import LauncherContract

HERE = LocalLauncher(LocalConfig(path=Path("here.yaml"), text="kind: local\n"))


@pytest.mark.slow
class TestLocal(LauncherContract):
    @pytest.fixture
    def launcher(self) -> Launcher:
        return launcher_by(config_of(None))

    @pytest.fixture
    def order(self, order: DriverOrder) -> DriverOrder:
        return order


@pytest.fixture
def sleeper() -> Iterator[Placed]:
    """A process that was put there and has not begun to drive."""
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield Placed("local", str(process.pid), started=time.time())
        process.kill()


def claim(order: DriverOrder, pid: int) -> None:
    """Drive the run, as the store has it, in a process of this number."""
    with closing(open_to_drive(order.run_dir)) as store:
        store.claim(socket.gethostname(), pid, time.time())


def test_a_driver_that_the_store_does_not_know_yet_is_waited_for(order, sleeper):
    assert HERE.look(sleeper, order.run_dir).state == "waiting"
    assert "asked the driver" in HERE.stop(sleeper, order.run_dir, ())
    assert [asked.command for asked in take_control(order.run_dir)] == ["stop"]


def test_a_driver_runs_whichever_shell_started_it(order, sleeper):
    claim(order, os.getpid())
    gone = Placed("local", "", started=1.0)
    for placed in (sleeper, gone):
        assert HERE.look(placed, order.run_dir).state == "running"


def test_a_driver_that_was_heard_and_is_over_is_over_though_its_process_lives(order, sleeper):
    claim(order, 4_999_999)
    early = Placed("local", sleeper.job, started=time.time() - 1.0)
    assert HERE.look(early, order.run_dir).state == "over"
    assert HERE.stop(early, order.run_dir, ()) == f"process {early.job} is over: nothing to stop"
    assert take_control(order.run_dir) == []


def test_trials_are_named_where_they_are_asked_for(order, sleeper):
    said = HERE.stop(sleeper, order.run_dir, ("a1", "b2"))
    assert said == "asked the driver to end a1, b2"
    assert [asked.trials for asked in take_control(order.run_dir)] == [("a1", "b2")]


def test_down_ends_the_process_and_no_other_that_has_its_number(order, sleeper):
    other = Placed("local", sleeper.job, started=1.0)
    assert HERE.down(other, order.run_dir) == f"process {sleeper.job} is over: nothing is held"
    assert HERE.look(sleeper, order.run_dir).state == "waiting"
    assert HERE.down(sleeper, order.run_dir) == f"process {sleeper.job} was ended"
    assert HERE.look(sleeper, order.run_dir).state == "over"


def test_a_driver_behind_does_not_import_from_the_folder_where_the_shell_stands(order, tmp_path):
    for name in ("types", "random", "site"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from here')\n")
    command = shlex.split(HERE.describe(order))
    command[-2:] = ["--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sweep ")
