"""The folder of a run that is given none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper import cli
from sweeper.runs import new_folder
from sweeper.runs.new_folder import new_run_folder


@pytest.fixture
def same_second(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(new_folder.time, "strftime", lambda form: "20270131-120000")


def test_launches_of_one_second_have_folders_of_their_own(same_second):
    with (
        new_run_folder(None, "grid", claim=True) as one,
        new_run_folder(None, "grid", claim=True) as other,
    ):
        assert str(one) == "runs/grid-20270131-120000"
        assert str(other) == "runs/grid-20270131-120000-2"
        assert one.stat().st_mode & 0o077 == 0
        (one / "sweep.db").touch()
    assert list(Path("runs").iterdir()) == [one]


def test_a_dry_run_makes_no_folder_and_a_given_one_is_left_alone(same_second):
    with new_run_folder(None, "grid", claim=False) as folder:
        assert not folder.parent.exists()
    given = Path("mine")
    given.mkdir()
    with new_run_folder(given, "grid", claim=True) as folder:
        assert folder is given
    assert given.is_dir()


def test_a_launch_that_is_refused_leaves_no_folder(same_second, capsys):
    Path("mine.py").write_text("class Trial: ...\n")
    Path("grid.yaml.j2").write_text(
        "sweep: {grid: {x: [1, 2]}}\n---\n!obj:mine.Trial { x: {{ x }} }\n"
    )
    assert cli.run(["launch", "grid.yaml.j2", "--workers", "9999"]) == 2
    assert "9999 were asked for" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_file_named_runs_is_told_of(same_second, capsys):
    Path("runs").touch()
    Path("mine.py").write_text("class Trial: ...\n")
    Path("grid.yaml.j2").write_text(
        "sweep: {grid: {x: [1]}}\n---\n!obj:mine.Trial { x: {{ x }} }\n"
    )
    assert cli.run(["launch", "grid.yaml.j2"]) == 2
    assert "this run's folder can't be made" in capsys.readouterr().err
