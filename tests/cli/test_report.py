"""`sweep report`, `status` and `show` on a run that was written by hand."""

from __future__ import annotations

import csv
import io
import json
from array import array
from pathlib import Path

import pytest

from sweeper import cli
from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Device,
    Ending,
    EndKind,
    ExperimentText,
    Objective,
    Row,
    SweepRecord,
    Trial,
    TrialChanged,
    TrialState,
)
from sweeper.runs.open import create_store

ERRORS = {"aaa": [0.5, 0.25], "bbb": [0.5, 0.375], "ccc": [0.5]}


def changes(trial: str, errors: list[float], state: TrialState):
    yield AttemptStarted(trial, 1, 0, Device("node1", 42), 1010.0)
    for epoch, error in enumerate(errors):
        yield Row(trial, 1, 0, epoch, 1011.0, ("err", "other"), array("d", [error, 7]).tobytes())
    failed = state is TrialState.FAILED
    yield AttemptEnded(
        trial,
        1,
        AttemptState(state.value),
        1012.0,
        message="ValueError: boom" if failed else "",
        traceback="Traceback (most recent call last):\nValueError: boom\n" if failed else "",
    )
    yield TrialChanged(trial, state, 1012.0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one run: aaa and bbb differ in the seed and finished, ccc failed."""
    folder = tmp_path / "runs" / "toy-1"
    folder.mkdir(parents=True)
    texts = {"x": ExperimentText("grid.yaml.j2", "text", (1,))}
    record = SweepRecord(
        "toy", 1000.0, "grid.yaml.j2", "text", {}, Objective("err", "min"), 2, texts
    )
    values = [{"lr": 0.1, "seed": 0}, {"lr": 0.1, "seed": 1}, {"lr": 1.0, "seed": 0}]
    trials = [Trial(name, n, values[n], "x", ()) for n, name in enumerate(ERRORS)]
    store = create_store(folder, record, trials, published=False)
    generation = store.claim("node0", 77, 1000.0)
    for name, errors in ERRORS.items():
        state = TrialState.FAILED if name == "ccc" else TrialState.FINISHED
        store.write(generation, list(changes(name, errors, state)))
    store.finish(generation, Ending(EndKind.FINISHED), 1020.0)
    store.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, beside: str = "") -> str:
    """What a command printed. beside: the start of what it printed to stderr."""
    assert cli.run(arguments) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith(beside)
    assert bool(shown.err) == bool(beside)
    return shown.out


def test_the_report_ranks_trials_and_shows_best_and_last(here, capsys) -> None:
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "report", "--format", "csv"))))
    assert [(row["trial"], row["best"], row["state"]) for row in rows] == [
        ("aaa", "0.25", "finished"),
        ("bbb", "0.375", "finished"),
        ("ccc", "0.5", "failed"),
    ]
    assert "other" not in rows[0]


def test_all_channels_adds_their_last_values(here, capsys) -> None:
    shown = json.loads(printed(capsys, "report", "--format", "json", "--all-channels"))
    assert [trial["other"] for trial in shown] == [7.0, 7.0, 7.0]


@pytest.mark.parametrize("format", ["table", "md"])
def test_formats_for_people_hold_every_trial(here, capsys, format) -> None:
    shown = printed(capsys, "report", "toy", "--format", format)
    assert [name for name in ERRORS if name not in shown] == []


def test_over_seed_groups_the_repeats(here, capsys) -> None:
    shown = printed(
        capsys,
        "report",
        "--over",
        "seed",
        "--format",
        "csv",
        beside="Left out of the groups: 1 failed.",
    )
    first = next(csv.DictReader(io.StringIO(shown)))
    assert (first["lr"], first["best_mean"], first["n"]) == ("0.1", "0.3125", "2")


def test_status_counts_states_and_names_the_failure(here, capsys) -> None:
    shown = printed(capsys, "status")
    assert "2 finished, 1 failed" in shown
    assert "ValueError: boom" in shown


@pytest.mark.parametrize("arguments", [["toy-1", "ccc"], ["ccc"]])
def test_show_prints_the_traceback_of_a_trial_by_its_name_alone(here, capsys, arguments) -> None:
    shown = printed(capsys, "show", *arguments)
    assert "Traceback (most recent call last):" in shown


def test_show_without_a_name_prints_the_latest_run(here, capsys) -> None:
    assert "grid.yaml.j2" in printed(capsys, "show")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "nosuch"], "nosuch"),
        (["show", "nosuch"], "no such run"),
        (["show", "toy-1", "zzz"], "TRIAL zzz"),
        (["report", "--over", "sead"], "did you mean seed"),
    ],
)
def test_a_name_that_is_nothing_is_told(here, capsys, arguments, told) -> None:
    assert cli.run(arguments) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "show", "report", "resume"])
def test_without_any_run_each_command_says_how_to_get_one(
    tmp_path, monkeypatch, capsys, command
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run([command]) == 2
    assert "sweep launch" in capsys.readouterr().err
