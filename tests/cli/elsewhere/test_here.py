"""`launch --detach`, and a part of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from looking import states, until

from sweeper.records.errors import InputError


# ------------------------------------------------------------------ a part of this machine
def has_ended(pid):
    """Whether the process is over, be it that nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.fixture
def part(here, monkeypatch):
    """`--on part.yaml` leaves one of three GPUs; a driver in the background only sleeps."""
    (here / "part.yaml").write_text(f"kind: local\ngpus: 1\ndata: {here}\n")
    monkeypatch.setenv("SWEEP_LOGICAL_GPUS", "1")
    monkeypatch.setenv("SWEEP_NUM_GPUS", "3")
    monkeypatch.setenv("PYLEARN2_DATA_PATH", "")
    driver = here / "driver"
    driver.write_text("#!/bin/sh\necho $$ >new && mv new driver.pid\nexec sleep 60\n")
    driver.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(driver))

    def end():
        until((here / "driver.pid").is_file)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((here / "driver.pid").read_text()), signal.SIGKILL)
        (here / "driver.pid").unlink()

    return end


def test_the_part_of_this_machine_is_kept_for_a_resume(sweep, here, part, monkeypatch):
    words = ("--on", "part.yaml", "--detach", "--out", "r")
    assert sweep("launch", "grid.yaml.j2", *words)[0] == 0
    part()
    (here / "part.yaml").unlink()
    for _ in range(2):
        monkeypatch.setenv("SWEEP_NUM_GPUS", "3")  # another shell
        assert sweep("resume", "r", "--detach")[0] == 0
        part()
        assert os.environ["SWEEP_NUM_GPUS"] == "1"
        assert os.environ["PYLEARN2_DATA_PATH"] == str(here)


def test_a_dry_run_here_fetches_no_data(sweep, here, part):
    (here / "part.yaml").write_text("kind: local\ndata: http://127.0.0.1:1/mnist.tar\n")
    code, out, _ = sweep("launch", "grid.yaml.j2", "--on", "part.yaml", "--dry-run")
    assert (code, "Nothing was started" in out) == (0, True)


def test_a_driver_in_the_background_that_cannot_be_noted_is_ended(sweep, here, part, monkeypatch):
    def fail(run_dir, placed):
        raise InputError("no space")

    monkeypatch.setattr("sweeper.cli.submit.write_placed", fail)
    kill, told = os.kill, []
    monkeypatch.setattr(os, "kill", lambda *words: (told.append(words), kill(*words)))
    code, _, err = sweep("launch", "grid.yaml.j2", "--detach", "--out", "r")
    assert (code, err) == (2, "no space\n")
    ((driver, number),) = [words for words in told if words[1]]  # 0 asks whether it lives
    assert number == signal.SIGTERM
    until(lambda: has_ended(driver))


# ------------------------------------------------------------------ in the background
@pytest.mark.slow
def test_a_detached_run_outlives_its_shell_and_is_stopped_and_resumed(sweep, here):
    command = f"{sys.executable} -m sweeper launch grid.yaml.j2 --detach --out r -D epochs=60"
    done = subprocess.run(
        command, shell=True, cwd=here, capture_output=True, text=True, timeout=60, check=True
    )
    assert "Stop:   sweep stop" in done.stdout
    until(lambda: states(sweep, "r")["finished"])
    assert sweep("stop", "r")[0] == 0
    assert sweep("watch", "r")[0] == 130
    log = here / "r" / "logs" / "driver.log"
    until(lambda: "stopped by `sweep stop`" in log.read_text())
    assert sweep("resume", "r", "--detach")[0] == 0
    words = [sys.executable, "-m", "sweeper", "watch", "r"]
    other = subprocess.Popen(words, cwd=here, stdout=subprocess.PIPE, text=True)  # another shell
    code, out, _ = sweep("watch", "r")
    said, _ = other.communicate(timeout=60)
    assert (code, other.returncode) == (0, 0)
    assert "4 finished" in out
    assert "4 finished" in said


@pytest.mark.slow
def test_a_stop_right_after_a_launch_into_the_background_is_heard(sweep, here):
    assert sweep("launch", "grid.yaml.j2", "--detach", "--out", "r", "-D", "epochs=900")[0] == 0
    code, out, _ = sweep("stop", "r")
    assert (code, "asked the driver to end" in out) == (0, True)
    assert sweep("watch", "r")[0] == 130
    assert states(sweep, "r") == {"pending": 4}
