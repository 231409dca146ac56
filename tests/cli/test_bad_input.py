"""Mistakes that only a launch can find: one paragraph with the place, exit code 2, no traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """\
class Rows:
    def __init__(self, x, value=1.0):
        if x == "refuse":
            raise ValueError("x must not be refuse")
        self.value = value

    def __iter__(self):
        for epoch in range(3):
            yield {"loss": self.value}
"""


def spec(experiment: str, objective: str = "loss") -> str:
    return (
        f"sweep:\n  objective: {{channel: {objective}}}\n  grid: {{x: [1, 2, 3, 4]}}\n"
        f"---\n!obj:{experiment}\n"
    )


def launch(sweep, folder: Path, text: str, module: str = MODULE):
    (folder / "mine.py").write_text(module)
    (folder / "grid.yaml.j2").write_text(text)
    return sweep("launch", "grid.yaml.j2", "--out", "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("experiment", "told"),
    [
        ("mine.Rowz { x: {{ x }} }", ["grid.yaml.j2, line 5", "Rowz", "did you mean", "Rows"]),
        ("nosuch.Rows { x: {{ x }} }", ["grid.yaml.j2, line 5", "nosuch"]),
        ("os.system { command: {{ x }} }", ["grid.yaml.j2, line 5", "os.system"]),
        ("mine.Rows { x: {{ x }}, valeu: 2 }", ["grid.yaml.j2, line 5", "valeu", "value"]),
        ("mine.Rows { x: refuse, value: {{ x }} }", ["line 5", "x must not be refuse"]),
        ("mine.Rows { x: {{ x }}, value: !pkl: 'gone.pkl' }", ["line 5", "gone.pkl"]),
    ],
)
def test_a_fault_in_building_is_told_once_with_its_place(sweep, tmp_path, experiment, told) -> None:
    done = launch(sweep, tmp_path, spec(experiment))
    shown = done.stdout + done.stderr
    assert done.returncode == 2, shown
    assert [part for part in told if part.lower() not in shown.lower()] == []
    assert "Traceback" not in shown
    assert shown.count("line 5") == 1


@pytest.mark.slow
def test_an_objective_that_no_trial_reports_is_told_with_the_channels_there_are(
    sweep, tmp_path
) -> None:
    done = launch(sweep, tmp_path, spec("mine.Rows { x: {{ x }} }", objective="los"))
    shown = done.stdout + done.stderr
    assert done.returncode == 2, shown
    assert "los" in shown
    assert "loss" in shown


@pytest.mark.slow
def test_text_in_a_row_is_told_with_its_channel(sweep, tmp_path) -> None:
    done = launch(sweep, tmp_path, spec("mine.Rows { x: {{ x }}, value: text }"))
    assert done.returncode == 2, done.stdout
    assert "'loss'" in done.stderr
    assert "'text'" in done.stderr


@pytest.mark.slow
def test_nan_and_infinity_in_a_row_are_recorded(sweep, tmp_path) -> None:
    module = MODULE.replace("self.value}", "float('nan') if epoch else -float('inf')}")
    done = launch(sweep, tmp_path, spec("mine.Rows { x: {{ x }} }"), module)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n4 of 4 trials: loss is NaN or infinite in their last row (" in done.stdout
    trial = json.loads(sweep("report", "run", "--format", "json").stdout)[0]
    assert (trial["best"], trial["last"]) == ("-Infinity", "NaN")


@pytest.mark.slow
def test_no_file_beside_the_spec_hides_a_library(tmp_path) -> None:
    def sweep(*arguments: str):  # `python -m` would look in the working folder first by itself
        command = [str(Path(sys.executable).with_name("sweep")), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    for name in ("jax", "numpy", "yaml", "pytensor"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the user file was imported')\n")
    module = f"import numpy\n{MODULE}".replace("self.value}", "numpy.float32(0.5)}")
    done = launch(sweep, tmp_path, spec("mine.Rows { x: {{ x }} }"), module)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_exception_of_one_trial_fails_that_trial_alone(sweep, tmp_path) -> None:
    text = spec("mine.Rows { x: {{ x }}, value: {{ x }} }")
    module = MODULE.replace("for epoch", "1 / (self.value - 2)\n        for epoch")
    done = launch(sweep, tmp_path, text, module)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 finished, 1 failed" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    found = re.search(r"^1 of 4 trials failed:\n  (\w+)  ZeroDiv.*\n", done.stdout, re.MULTILINE)
    assert found, done.stdout
    (command,) = re.findall(r"traceback and history: sweep (.*)", done.stdout)
    assert command.split() == ["show", "run", found[1]]
    assert "Traceback" in sweep(*command.split()).stdout


def test_a_folder_that_cannot_be_made_is_told(sweep, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "grid.yaml.j2").write_text(spec("mine.Rows { x: {{ x }} }"))
    done = sweep("launch", "grid.yaml.j2", "--out", "file/run")
    assert done.returncode == 2, done.stderr
    assert "file/run" in done.stderr
    assert "Traceback" not in done.stderr
