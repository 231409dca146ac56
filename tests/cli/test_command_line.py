"""What holds for every command: help, exit codes, errors, pipes, imports."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sweeper import cli
from sweeper.cli import app, conclude
from sweeper.records import Ending, EndKind, Outcome
from sweeper.records.errors import ClusterError, InputError

HEAVY = ("ray", "pandas", "numpy", "sqlalchemy", "jinja2", "yaml", "pytensor", "jax", "rich")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sweeper import cli; code = cli.run(['--help']); "
        f"print('loaded:', [name for name in {HEAVY} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: [] 0"
    assert "launch" in done.stdout


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_no_command_s_line_of_help_is_cut(monkeypatch, capsys, width) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "  watch   Show a run live" in shown
    assert not re.search(r"\w\.\.\.", shown)
    assert "…" not in shown


def test_version_is_that_of_the_installed_package(sweep) -> None:
    assert sweep("--version").stdout == f"sweep {version('sweeper')}\n"


@pytest.mark.parametrize("arguments", [["nosuch"], ["launch"], ["report", "--format", "xml"], []])
def test_a_wrong_command_line_exits_2(sweep, arguments) -> None:
    assert sweep(*arguments).returncode == 2


def failing(error: BaseException):
    def command(*_: object) -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"), [(InputError("mend line 3."), 2), (ClusterError("no GPU."), 3)]
)
def test_an_error_of_ours_is_its_paragraph_and_its_exit_code(
    monkeypatch, capsys, error, code
) -> None:
    monkeypatch.setattr(app, "find", failing(error))
    assert cli.run(["status"]) == code
    assert capsys.readouterr().err == f"{error}\n"


def test_an_error_of_nobody_is_one_line_that_names_debug(monkeypatch, capsys) -> None:
    monkeypatch.setattr(app, "find", failing(KeyError("x")))
    assert cli.run(["status"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("internal error: KeyError: 'x'")
    assert "--debug" in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (SystemExit("no data here"), 1, "no data here\n"),
        (SystemExit(None), 0, ""),
        (SystemExit(7), 7, ""),
    ],
)
def test_a_command_that_ends_python_ends_as_python_would(
    monkeypatch, capsys, end, code, said
) -> None:
    monkeypatch.setattr(app, "find", failing(end))
    assert cli.run(["status"]) == code
    assert capsys.readouterr().err == said


def test_a_run_whose_watcher_left_keeps_its_own_exit_code(monkeypatch, tmp_path) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError

    outcome = Outcome(Ending(EndKind.INTERRUPTED), {})
    monkeypatch.setattr(conclude, "tell_end", gone)
    assert conclude.conclude(tmp_path, outcome, 1.0) == 130


@pytest.mark.parametrize("arguments", [["--debug", "status"], ["status", "--debug"]])
def test_debug_prints_the_traceback_wherever_it_stands(monkeypatch, capsys, arguments) -> None:
    monkeypatch.setattr(app, "find", failing(InputError("mend line 3.")))
    assert cli.run(arguments) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback (most recent call last):")
    assert shown.rstrip().endswith("InputError: mend line 3.")


def test_ctrl_c_outside_a_sweep_exits_130(monkeypatch, capsys) -> None:
    monkeypatch.setattr(app, "find", failing(KeyboardInterrupt()))
    assert cli.run(["status"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "grid.yaml.j2").write_text(
        "sweep:\n  grid: {x: {range: [0, 20000, 1]}}\n---\n!obj:toy.Toy { x: {{ x }} }\n"
    )
    command = f"{sys.executable} -m sweeper expand grid.yaml.j2 | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "20000 trials\n"
    assert done.stderr == ""


@pytest.mark.parametrize("pair", ["epochs", "=5", "1x=5"])
def test_a_define_that_is_no_pair_is_told(sweep, grid, pair) -> None:
    done = sweep("expand", "grid.yaml.j2", "-D", pair)
    assert done.returncode == 2
    assert f"-D {pair}: expected NAME=VALUE" in done.stderr


def test_a_missing_spec_file_is_told(sweep) -> None:
    done = sweep("expand", "nosuch.yaml.j2")
    assert done.returncode == 2
    assert "nosuch.yaml.j2" in done.stderr
    assert "Traceback" not in done.stderr
