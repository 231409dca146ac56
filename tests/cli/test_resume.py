"""A driver that is killed or interrupted half way, and what `sweep resume` makes of it."""

from __future__ import annotations

import csv
import io
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRIALS = 24
# What a trial that ran twice would have, or one that ran elsewhere: times are never equal.
TIMES = {"duration_s"}
LAUNCH = ["launch", "digits-mlp.yaml.j2", "-D", "max_epochs=12", "--out"]

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "templates" / "digits-mlp.yaml.j2", tmp_path)
    return tmp_path


def table(folder: Path, run: str) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "sweeper", "report", run, "--format", "csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def launch_and_signal(folder: Path, run: str, sent: signal.Signals) -> int:
    """Launch, send a signal to the driver when a third of the trials are done; its exit code."""
    driver = subprocess.Popen(
        [sys.executable, "-m", "sweeper", *LAUNCH, run], cwd=folder, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and driver.poll() is None:
        states = Counter(row["state"] for row in table(folder, run))
        if states["finished"] >= TRIALS // 3:
            driver.send_signal(sent)
            break
        time.sleep(0.05)
    code = driver.wait(timeout=60)
    states = Counter(row["state"] for row in table(folder, run))
    assert 0 < states["finished"] < TRIALS, "the signal came too early or too late to tell anything"
    return code


def without_times(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def test_after_kill_9_every_trial_finishes_once_and_the_table_is_the_undisturbed_one(
    folder: Path, sweep
) -> None:
    assert sweep(*LAUNCH, "undisturbed").returncode == 0
    assert launch_and_signal(folder, "killed", signal.SIGKILL) == -signal.SIGKILL
    before = {row["trial"]: row for row in table(folder, "killed") if row["state"] == "finished"}

    resumed = sweep("resume", "killed")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    after = table(folder, "killed")
    assert without_times(after) == without_times(table(folder, "undisturbed"))
    # A finished trial did not run again: even its duration is the old one.
    assert {row["trial"]: row for row in after if row["trial"] in before} == before


def test_ctrl_c_once_exits_130_and_what_was_running_can_be_resumed(folder: Path, sweep) -> None:
    assert launch_and_signal(folder, "stopped", signal.SIGINT) == 130
    states = Counter(row["state"] for row in table(folder, "stopped"))
    assert set(states) == {"finished", "pending"}
    assert sweep("resume", "stopped").returncode == 0
    assert {row["state"] for row in table(folder, "stopped")} == {"finished"}
