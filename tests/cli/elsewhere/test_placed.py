"""`launch --on`, and what is told of a run that was put elsewhere."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
import typer
from looking import GRID, TOY

from sweeper import spec as specs
from sweeper.driver import create
from sweeper.launchers import registry, slurm
from sweeper.launchers.base import Backend, DriverOrder, Job
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.placed import write_placed


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


def test_rules_across_trials_are_refused_for_a_job_array_before_anything_is_made(
    sweep, here, monkeypatch
):
    monkeypatch.setitem(registry._OWN, "slurm", "sweeper.launchers.slurm:BACKEND")
    monkeypatch.setattr("sweeper.driver.create", None)  # would be called
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
    orders: ClassVar[list[DriverOrder]] = []
    ended: ClassVar[list[str]] = []

    def __init__(self, config):
        self.text = config.text

    def describe(self, order):
        return "a note"

    def submit(self, order):
        self.orders.append(order)
        return Placed("slurm", "7", cluster_file=self.text, started=1.0)

    def look(self, placed, run_dir):
        return Job("over")

    def down(self, placed, run_dir):
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
