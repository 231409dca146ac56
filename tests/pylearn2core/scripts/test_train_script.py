from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pylearn2core import log
from pylearn2core.errors import ConfigError
from pylearn2core.scripts import train

ROOT = Path(__file__).parents[3]
MODULE = """
import logging
import theano
from pylearn2.errors import NonFiniteError

logger = logging.getLogger("pylearn2core.test")

class Phase:
    def __init__(self, name, fault=None):
        self.name, self.fault = name, fault
    def main_loop(self, time_budget=None):
        logger.info("%s trains for %s s", self.name, time_budget)
        logger.debug("details")
        logger.warning("beware")
        if self.fault:
            raise NonFiniteError(self.fault)

class NoPhase:
    pass
"""
_numbers = itertools.count()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A user's module beside the experiments; what logging had is put back afterwards."""
    name = f"phases_{next(_numbers)}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("pylearn2core")
    handlers, level = list(logger.handlers), logger.level
    yield name
    logger.handlers[:] = handlers
    logger.setLevel(level)


def experiment(text: str, path: str = "job.yaml") -> str:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text)
    return path


def test_the_experiments_main_loop_runs_and_shows_its_messages(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([experiment(f"!obj:{module}.Phase {{name: one}}")]) == 0
    shown = capsys.readouterr()
    assert shown.out == "one trains for None s\n"
    assert shown.err == "WARNING: beware\n"


@pytest.mark.parametrize("form", ["{}\n---\n{}\n", "- {}\n- {}\n"])
def test_phases_run_in_turn_each_with_the_time_budget(
    module: str, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    phases = [f"!obj:{module}.Phase {{name: {name}}}" for name in ("one", "two")]
    assert train.main(["-t", "30", experiment(form.format(*phases))]) == 0
    assert capsys.readouterr().out == "one trains for 30.0 s\ntwo trains for 30.0 s\n"


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("-L", "INFO one trains for None s"),
        ("-V", "INFO pylearn2core.test one trains for None s"),
        ("-T", " one trains for None s"),
        ("-D", "details"),
    ],
)
def test_options_say_what_is_shown_of_a_message(
    module: str, capsys: pytest.CaptureFixture[str], option: str, line: str
) -> None:
    assert train.main([option, experiment(f"!obj:{module}.Phase {{name: one}}")]) == 0
    assert any(shown.endswith(line) for shown in capsys.readouterr().out.splitlines())


def test_an_experiment_in_another_folder_finds_the_modules_beside_it(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = experiment(f"!obj:{module}.Phase {{name: there}}", "folder/job.yaml")
    (tmp_path / f"{module}.py").rename(tmp_path / "folder" / f"{module}.py")
    assert train.main([path]) == 0
    assert capsys.readouterr().out == "there trains for None s\n"


# ------------------------------------------------------------------ what is wrong
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!obj:MODULE.Phase {nam: 1}", "line 1: `MODULE.Phase` has no argument `nam`"),
        ("a: [1", "this is no YAML"),
        ("!obj:MODULE.NoPhase {}", "describes a NoPhase, which has no main_loop"),
        ("[1, 2]", "describes a int, which has no main_loop"),
        ("!obj:MODULE.Phase {name: !pkl: 'no.pkl'}", "line 1, name: can't load 'no.pkl'"),
    ],
)
def test_a_mistake_is_one_paragraph_and_exit_code_2(
    module: str, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    assert train.main([experiment(text.replace("MODULE", module))]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("job.yaml")
    assert message.replace("MODULE", module) in shown
    assert shown.count("\n") == 1


def test_a_missing_file_is_said(capsys: pytest.CaptureFixture[str], module: str) -> None:
    assert train.main(["no.yaml"]) == 2
    assert "'no.yaml': there is no such file" in capsys.readouterr().err


def test_debug_shows_the_traceback(module: str) -> None:
    with pytest.raises(ConfigError, match="no argument `nam`"):
        train.main(["--debug", experiment(f"!obj:{module}.Phase {{nam: 1}}")])


def test_training_that_fails_is_exit_code_1(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"!obj:{module}.Phase {{name: one, fault: 'W is NaN after epoch 3'}}"
    assert train.main([experiment(text)]) == 1
    assert capsys.readouterr().err.endswith("W is NaN after epoch 3\n")


# ------------------------------------------------------------------ messages by default
def in_a_process(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import logging\nfrom pylearn2core import log\n{code}"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ)


MESSAGES = (
    "logger = logging.getLogger('pylearn2core.monitor')\n"
    "logger.info('\\terror: 0.1')\nlogger.debug('hidden')\nlogger.warning('beware')\n"
)


def test_messages_are_shown_where_nobody_configured_logging() -> None:
    done = in_a_process("log.show_by_default(); log.show_by_default()\n" + MESSAGES)
    assert done.stdout == "\terror: 0.1\n"
    assert done.stderr == "WARNING: beware\n"


@pytest.mark.parametrize("name", ["", "pylearn2core"])
def test_a_users_own_logging_is_left_alone(name: str) -> None:
    configured = f"logging.getLogger({name!r}).addHandler(logging.StreamHandler())\n"
    done = in_a_process(configured + "log.show_by_default()\n" + MESSAGES)
    assert (done.stdout, done.stderr) == ("", "beware\n")


def test_messages_go_to_what_stdout_is_at_the_time(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.show(logging.INFO)
    logging.getLogger("pylearn2core.x").info("here")
    assert capsys.readouterr().out == "here\n"
