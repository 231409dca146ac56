"""Whatever a trial raises ends that trial alone, and is kept as text that a file can hold."""

import bdb
import os
import re
from array import array
from pathlib import Path

import pytest

from sweeper.host import descendants
from sweeper.records import AttemptState, Ended, ExperimentText, Row, RunnerSetup, TrialTask, text
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner, children

EXPERIMENTS = """
import asyncio, os, pathlib


class Own(BaseException):
    pass


class Dumb(Exception):
    def __str__(self):
        raise Own("no text")


class Sulky(Exception):
    def __reduce__(self):
        raise TypeError("not for travel")


def after_a_row(what):
    yield {"x": 1.0}
    raise what


def at_once(what):
    raise what


def made(how):
    return {
        "own": Own("mine"),
        "interrupt": KeyboardInterrupt(),
        "generator": GeneratorExit("closed"),
        "cancelled": asyncio.CancelledError(),
        "exit": SystemExit("enough"),
        "stop": StopIteration(3),
        "dumb": Dumb(),
        "sulky": Sulky("local"),
        "latin": ValueError("no labels in " + os.fsdecode(b"caf\\xe9.npy")),
        "long": ValueError("head" + "x" * 20_000_000 + "tail"),
    }[how]


def fails(how, when):
    return at_once(made(how)) if when == "built" else after_a_row(made(how))


def asks(how):
    if how == "input":
        input("continue? ")
    breakpoint()
    yield {"x": 1.0}


def silent():
    return iter(())


def leaves(path):
    child = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "1000")
    while not pathlib.Path(f"/proc/{child}/cmdline").read_text().startswith("sleep"):
        pass  # it is a copy of this process until then
    with open(path, "w") as file:
        file.write(str(child))
    yield {"x": 1.0}


def huge(name):
    yield {name: 10**2000}


def named(name, value):
    yield {name: value}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failures")
    (folder / "failing_experiments.py").write_text(EXPERIMENTS)
    return folder / "grid.yaml.j2"


@pytest.fixture
def run(tmp_path, spec):
    """Runs an experiment, and a good one after it in the same lease: the first one's items."""

    def go(experiment):
        runner = Runner(RunnerSetup(str(tmp_path), str(spec), ("*",), (), "float64"), 0)
        good = "!obj:failing_experiments.named { name: x, value: 1.0 }\n"
        texts = {
            name: ExperimentText("grid.yaml.j2", body, (1, 2))
            for name, body in (("bad", experiment), ("good", good))
        }
        lease = [TrialTask("t0", 1, "bad", (), 0), TrialTask("t1", 1, "good", (), 0)]
        items = list(runner.run(lease, texts, Interruption()))
        assert items[-1].outcome is AttemptState.FINISHED, "the next trial is not concerned"
        return [item for item in items if item.trial == "t0"]

    return go


def failure(items):
    ended = items[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome is AttemptState.FAILED
    assert (ended.message + ended.traceback).encode()  # as a file holds it
    return ended


SAID = {
    "own": "Own: mine",
    "interrupt": "KeyboardInterrupt",
    "generator": "GeneratorExit: closed",
    "cancelled": "CancelledError",
    "exit": "SystemExit: enough",
    "dumb": "Dumb: (its text can't be had: __str__ raises Own)",
    "sulky": "Sulky: local",
    "latin": "ValueError: no labels in caf\\udce9.npy",
}


@pytest.mark.parametrize("when", ["built", "after a row"])
@pytest.mark.parametrize("how", SAID)
def test_exceptions_that_are_no_exception_or_cannot_travel_or_be_written_are_text(run, how, when):
    ended = failure(run(f"!obj:failing_experiments.fails {{ how: {how}, when: {when} }}\n"))
    said = "Own: no text" if (how, when) == ("dumb", "built") else SAID[how]
    assert ended.message.endswith(said)
    assert 'failing_experiments.py", line' in ended.traceback


def test_a_stop_iteration_in_a_constructor_is_not_taken_for_an_end(run):
    ended = failure(run("!obj:failing_experiments.fails { how: stop, when: built }\n"))
    assert ended.message.endswith("StopIteration: 3")


def test_a_flood_of_a_message_keeps_its_head_and_its_tail_and_says_so(run):
    ended = failure(run("!obj:failing_experiments.fails { how: long, when: after }\n"))
    assert ended.message.startswith("ValueError: headxxx")
    assert ended.message.endswith("xtail")
    assert re.search(r"\[\.\.\. 19,99\d,\d{3} characters left out \.\.\.\]", ended.message)
    assert len(ended.message) <= text.MESSAGE
    assert len(ended.traceback) <= text.TRACEBACK


@pytest.mark.parametrize("how", ["input", "breakpoint"])
def test_a_trial_that_asks_on_standard_input_is_told_that_nobody_answers(run, how, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: _at_end())
    monkeypatch.setattr("sys.breakpointhook", _quit)
    ended = failure(run(f"!obj:failing_experiments.asks {{ how: {how} }}\n"))
    assert "standard input is empty" in ended.message
    assert "sweep expand SPEC --trial ID" in ended.message


def _at_end():
    raise EOFError("EOF when reading a line")


def _quit():
    raise bdb.BdbQuit


def test_a_trial_that_yields_nothing_has_not_finished(run):
    ended = failure(run("!obj:failing_experiments.silent {}\n"))
    assert ended.kind == "input"
    assert ended.message.startswith("the experiment came to its end without a row: expected at")


def test_a_channel_s_name_is_bounded_and_is_utf_8(run):
    items = run('!obj:failing_experiments.named { name: "a\\udce9", value: 2.0 }\n')
    assert names(items) == ["a\\udce9"]
    items = run(f"!obj:failing_experiments.named {{ name: {'n' * 100_000}, value: 2.0 }}\n")
    (name,) = names(items)
    said = re.search(r" \[\.\.\. ([\d,]+) characters left out \.\.\.\] ", name)
    assert int(said[1].replace(",", "")) == 100_000 - (len(name) - len(said[0]))
    assert len(name) <= text.CHANNEL


def names(items):
    rows = [item for item in items if isinstance(item, Row)]
    assert [list(array("d", row.data)) for row in rows] == [[2.0]]
    return [name for row in rows for name in row.channels]


def test_a_number_that_no_float_holds_names_its_channel(run):
    ended = failure(run("!obj:failing_experiments.huge { name: loss }\n"))
    assert ended.message.startswith("channel 'loss': the experiment yielded 1000")


def test_a_process_that_a_trial_leaves_ends_with_it_and_the_log_says_so(
    run, tmp_path, caplog, monkeypatch
):
    others = set(descendants.descendants(os.getpid()))
    monkeypatch.setattr(descendants, "ends_them", True)
    monkeypatch.setattr(children, "_helpers", lambda: others)
    items = run(f"!obj:failing_experiments.leaves {{ path: {tmp_path / 'pid'} }}\n")
    assert items[-1].outcome is AttemptState.FINISHED
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_text()
    assert f"ended 1 processes that were left: {pid} sleep 1000" in caplog.text
