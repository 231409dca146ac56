"""`launch --on`, `--detach`, and the commands that reach a run from another shell."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest
import typer
from places import STARTED

from sweeper import cli
from sweeper import spec as specs
from sweeper.cli import detach
from sweeper.driver import create
from sweeper.launchers import registry, slurm
from sweeper.launchers.base import Backend, Job, Order
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.open import open_to_read
from sweeper.runs.placed import write_placed

TOY = """\
import time

class Toy:
    def __init__(self, x, epochs):
        self.x, self.epochs = x, epochs

    def __iter__(self):
        for epoch in range(self.epochs):
            time.sleep(0.05)
            yield {"loss": self.x / (epoch + 1)}
"""
GRID = """\
sweep:
  name: toy
  objective: {channel: loss, mode: min}
  workers: 1
  grid: {x: [1, 2, 3, 4]}
---
!obj:toy.Toy { x: {{ x }}, epochs: {{ epochs | default(3) }} }
"""


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


def table(sweep, run):
    code, out, _ = sweep("report", run, "--format", "csv")
    assert code == 0
    return list(csv.DictReader(io.StringIO(out)))


def until(look, timeout_s=90):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come so far")


def states(sweep, run):
    return Counter(row["state"] for row in table(sweep, run))


def driver_of(run_dir):
    with closing(open_to_read(run_dir)) as store:
        return store.sweep().pid


# ------------------------------------------------------------------ before anything starts
def test_a_dry_run_prints_what_would_be_sent_and_makes_nothing(sweep, here):
    before = sorted(here.rglob("*"))
    code, out, err = sweep(
        "launch", "grid.yaml.j2", "--on", "queue.yaml", "--dry-run", "--out", "r"
    )
    assert code == 0
    assert out.startswith("while sleep")  # alone, so that it can be piped on
    assert f"resume {here}/r --here" in out
    assert "Nothing was started" in err
    assert "workers    1 on queue.yaml, each with 1 core, no GPU" in err
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("existed", [False, True])
def test_a_launch_that_is_refused_there_leaves_nothing(sweep, here, existed):
    if existed:
        (here / "r").mkdir()
        (here / "r" / "mine.txt").write_text("")
    before = sorted(here.rglob("*"))
    code, _, err = sweep("launch", "grid.yaml.j2", "--on", "nosuch.yaml", "--out", "r")
    assert code == 3
    assert err == "sbatch: error: invalid partition specified: nosuch\n"
    assert sorted(here.rglob("*")) == before


def test_a_folder_that_has_a_run_is_refused_and_stays_as_it_is(sweep, here):
    (here / "r").mkdir()
    (here / "r" / "sweep.db").write_text("precious")
    code, _, err = sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r")
    assert code == 2
    assert "there is a run in it already" in err
    assert [path.name for path in (here / "r").iterdir()] == ["sweep.db"]


def test_rules_across_trials_are_refused_for_a_job_array_before_anything_is_made(sweep, here):
    (here / "array.yaml").write_text("kind: slurm\nform: array\ntasks: 2\n")
    (here / "grid.yaml.j2").write_text(GRID.replace("  workers: 1", "  max_failures: 3"))
    code, _, err = sweep("launch", "grid.yaml.j2", "--on", "array.yaml", "--out", "r")
    assert code == 2
    assert "no task of a job array sees" in err
    assert not (here / "r").exists()


def test_a_run_of_this_machine_that_nobody_drives_has_nothing_elsewhere(sweep, here):
    spec = specs.load(here / "grid.yaml.j2")
    create(spec, specs.expand(spec), here / "r")
    for command in ("fetch", "down", "stop"):
        code, out, _ = sweep(command, "r")
        assert (code, "nothing" in out) == (0, True)
    code, _, err = sweep("watch", "r")
    assert code == 3
    assert "no driver of it runs" in err


# ------------------------------------------------------------------ once it was put there
class Note:
    """A place where nothing runs: it keeps what it was given."""

    has_folder = True
    orders: ClassVar[list[Order]] = []
    ended: ClassVar[list[str]] = []

    def __init__(self, config):
        self.text = config.text

    def submit(self, order):
        self.orders.append(order)
        return Placed("slurm", "7", cluster_file=self.text, started=1.0)

    def look(self, placed):
        return Job("over")

    def down(self, placed):
        self.ended.append(placed.job)
        return "ended"


NOTE = Backend(slurm.config.read, Note)


@pytest.fixture
def note(here, monkeypatch):
    """`--on queue.yaml` is a place of notes."""
    monkeypatch.setitem(registry._OWN, "slurm", f"{__name__}:NOTE")
    Note.orders.clear()
    Note.ended.clear()
    return Note


@pytest.mark.parametrize("error", [BrokenPipeError, KeyboardInterrupt])
def test_a_run_that_was_put_there_stays_whoever_stops_reading(
    sweep, here, note, monkeypatch, error
):
    echo = typer.echo

    def fail(words="", **options):
        if words.startswith("put there"):
            raise error
        echo(words, **options)

    monkeypatch.setattr(typer, "echo", fail)
    sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r")
    assert (here / "r" / "sweep.db").is_file()
    assert json.loads((here / "r" / "placed.json").read_text())["job"] == "7"
    assert note.ended == []


def test_a_run_whose_place_cannot_be_noted_is_ended_and_unmade(sweep, here, note, monkeypatch):
    def fail(run_dir, placed):
        raise InputError("no space")

    monkeypatch.setattr("sweeper.cli.submit.write_placed", fail)
    assert sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r")[0] == 2
    assert note.ended == ["7"]
    assert not (here / "r").exists()


def test_a_run_of_which_something_may_be_left_there_keeps_its_folder(
    sweep, here, note, monkeypatch
):
    def fail(self, order):
        write_placed(order.run_dir, Placed("slurm", "7"))
        raise ClusterError("neither started nor taken back")

    monkeypatch.setattr(note, "submit", fail)
    assert sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r")[0] == 3
    assert (here / "r" / "placed.json").is_file()


def test_that_changed_code_is_fine_is_told_to_the_driver_there(sweep, here, note):
    sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r")
    (here / "toy.py").write_text(f"{TOY}\n# changed\n")
    code, _, err = sweep("resume", "r")
    assert (code, "--code-changed-ok" in err) == (2, True)
    assert sweep("resume", "r", "--code-changed-ok")[0] == 0
    assert [order.code_changed_ok for order in note.orders] == [False, True]


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
    monkeypatch.setattr(detach.sys, "executable", str(driver))

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

    monkeypatch.setattr("sweeper.runs.placed.write_placed", fail)
    kill, told = os.kill, []
    monkeypatch.setattr(os, "kill", lambda *words: (told.append(words), kill(*words)))
    code, _, err = sweep("launch", "grid.yaml.j2", "--detach", "--out", "r")
    assert (code, err) == (2, "no space\n")
    ((driver, number),) = told
    assert number == signal.SIGTERM
    until(lambda: has_ended(driver))


# ------------------------------------------------------------------ on a shared disk
@pytest.mark.slow
def test_a_run_in_a_queue_is_watched_requeued_and_finished(sweep, here):
    began = time.monotonic()
    code, out, _ = sweep(
        "launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r", "-D", "epochs=160"
    )
    assert code == 0
    assert time.monotonic() - began < 20
    assert "Watch:  sweep watch" in out
    until(lambda: states(sweep, "r")["finished"])
    _, out, _ = sweep("status", "r")
    assert "placed    slurm job" in out
    code, _, err = sweep("resume", "r")
    assert code == 2
    assert "its driver is there already" in err

    first = driver_of(here / "r")
    done = {row["trial"] for row in table(sweep, "r") if row["state"] == "finished"}
    os.kill(first, signal.SIGUSR1)  # as SLURM says that time is short
    code, out, _ = sweep("watch", "r")
    assert code == 0
    assert "4 finished" in out
    assert driver_of(here / "r") != first
    rows = table(sweep, "r")
    assert {row["state"] for row in rows} == {"finished"}
    assert {row["epochs"] for row in rows} == {"160"}
    with closing(open_to_read(here / "r")) as store:
        assert all(len(store.attempts(trial)) == 1 for trial in done)


@pytest.mark.slow
def test_one_trial_of_a_run_in_a_queue_is_cancelled_and_then_all_is_stopped(sweep, here):
    sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r", "-D", "epochs=4000")
    running = until(lambda: [r for r in table(sweep, "r") if r["state"] == "running"])
    code, _, _ = sweep("stop", "r", running[0]["trial"][:6])
    assert code == 0
    until(lambda: states(sweep, "r")["cancelled"] == 1)
    until(lambda: states(sweep, "r")["running"] == 1)
    assert sweep("stop", "r")[0] == 0
    code, out, err = sweep("watch", "r")
    assert code == 130
    assert "stopped by `sweep stop`" in err
    assert states(sweep, "r") == {"cancelled": 1, "pending": 3}
    code, out, _ = sweep("stop", "r")
    assert (code, "nothing to stop" in out) == (0, True)
    pending = next(row["trial"] for row in table(sweep, "r") if row["state"] == "pending")
    code, out, _ = sweep("stop", "r", pending, running[0]["trial"])
    assert out == f"cancelled: {pending}; over already: {running[0]['trial']}\n"
    assert states(sweep, "r") == {"cancelled": 2, "pending": 2}


# ------------------------------------------------------------------ without a shared disk
@pytest.mark.slow
def test_a_run_on_another_disk_is_fetched_by_watch_and_says_how_old_it_is(sweep, here):
    address = "http://127.0.0.1:1"
    code, _, _ = sweep("launch", "grid.yaml.j2", "--on", address, "--out", "r", "-D", "epochs=20")
    assert code == 0
    assert not (here / "r" / "sweep.db").exists()
    code, _, err = sweep("report", "r")
    assert code == 2
    assert "nothing was fetched yet" in err

    until(lambda: sweep("fetch", "r")[0] == 0)
    _, _, err = sweep("report", "r")
    assert "The newest: sweep fetch" in err
    code, out, _ = sweep("watch", "r")
    assert code == 0
    assert "4 finished" in out
    assert states(sweep, "r") == {"finished": 4}
    assert sweep("report", "r")[2] == ""  # it is over: there is nothing newer
    facts = json.loads((here / "r" / "placed.json").read_text())["facts"]
    assert json.loads(facts["defines"]) == {"epochs": "20"}


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
