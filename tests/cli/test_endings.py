"""A run's end is one record: every command that tells it says the same, and exits the same."""

from __future__ import annotations

import math
import time
from array import array
from contextlib import closing

import pytest

from sweeper import cli, driver
from sweeper import spec as specs
from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Device,
    Ending,
    EndKind,
    Outcome,
    Row,
    TrialChanged,
    TrialState,
)
from sweeper.records.errors import ClusterError, FencedError, InputError, StoreError
from sweeper.runs.open import open_to_drive

SPEC = "sweep: {name: toy, grid: {x: [1, 2]}}\n---\n!obj:toy.Toy { x: {{ x }} }\n"
GO_ON = "(go on: sweep resume r)"
GO_ON_WITH_SPEC = "(go on with the spec as it was launched: sweep resume r)"

# Of each end that a store tells: the exit code that README.md gives it, and what status says.
TOLD = [
    (EndKind.FINISHED, "", 0, "finished"),
    (EndKind.INTERRUPTED, "stopped", 130, f"interrupted: stopped {GO_ON}"),
    (EndKind.INTERRUPTED, "interrupted by Ctrl-C", 130, f"interrupted by Ctrl-C {GO_ON}"),
    (EndKind.TIME_SHORT, "hurry", 75, f"interrupted: hurry {GO_ON}"),
    (EndKind.INPUT, "line 3", 2, f"failed: line 3 {GO_ON_WITH_SPEC}"),
    (EndKind.FAILURES, "10 of 10", 1, f"failed: 10 of 10 {GO_ON_WITH_SPEC}"),
    (EndKind.STORE, "disk full", 2, f"failed: disk full {GO_ON_WITH_SPEC}"),
    (EndKind.CLUSTER, "no GPU", 3, f"failed: no GPU {GO_ON_WITH_SPEC}"),
    (EndKind.CRASHED, "KeyError", 1, f"failed: KeyError {GO_ON_WITH_SPEC}"),
]
# Of an end that an error makes, the error that a driver raises; an error's text is the reason.
RAISED = {
    EndKind.INPUT: InputError,
    EndKind.STORE: StoreError,
    EndKind.TAKEN_OVER: FencedError,
    EndKind.CLUSTER: ClusterError,
    EndKind.CRASHED: KeyError,
}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """run("watch") runs `sweep watch r` in this process: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.yaml.j2").write_text(SPEC)
    (tmp_path / "toy.py").write_text("class Toy: ...\n")
    spec = specs.load(tmp_path / "grid.yaml.j2")
    driver.create(spec, specs.expand(spec), tmp_path / "r")

    def run(command):
        code = cli.run([command, "r"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def end(run_dir, ending, first=TrialState.FINISHED):
    """A driver that leaves one trial so, the other as it was, and the run ended."""
    with closing(open_to_drive(run_dir)) as store:
        generation = store.claim("node0", 77, time.time())
        trial = store.trials()[0].id
        store.write(generation, [TrialChanged(trial, first, time.time())])
        if ending is not None:
            store.finish(generation, ending, time.time())
        return store.counts()


def test_every_end_is_told_here():
    found_by_readers_alone = {EndKind.LOST, EndKind.TAKEN_OVER}
    assert {kind for kind, *_ in TOLD} == set(EndKind) - found_by_readers_alone


@pytest.mark.parametrize(("kind", "reason", "code", "line"), TOLD)
def test_watch_and_status_tell_what_the_store_keeps(run, tmp_path, kind, reason, code, line):
    end(tmp_path / "r", Ending(kind, reason))
    watched, _, err = run("watch")
    assert (watched, err) == (code, f"{reason}\n" if reason else "")
    status, out, _ = run("status")
    assert (status, out.splitlines()[0]) == (0, f"toy: {line.replace(' r)', f' {tmp_path}/r)')}")


@pytest.mark.parametrize(("kind", "reason", "code", "_line"), TOLD)
def test_stop_finds_nothing_to_stop_however_it_ended(run, tmp_path, kind, reason, code, _line):
    end(tmp_path / "r", Ending(kind, reason))
    stopped, out, _ = run("stop")
    assert (stopped, "there is nothing to stop" in out) == (0, True)


@pytest.mark.parametrize(("kind", "reason", "code", "_line"), TOLD)
@pytest.mark.parametrize("command", ["launch", "resume"])
def test_whoever_drove_it_exits_as_whoever_watched(
    run, tmp_path, monkeypatch, command, kind, reason, code, _line
):
    def drive(*_, run_dir=tmp_path / "r", **__):
        return Outcome(Ending(kind, reason), end(tmp_path / "r", Ending(kind, reason)))

    monkeypatch.setattr(driver, command, drive)
    argument = ["grid.yaml.j2", "--out", "r"] if command == "launch" else ["r"]
    assert cli.run([command, *argument]) == code == run("watch")[0]


@pytest.mark.parametrize(("kind", "error"), RAISED.items())
def test_an_error_ends_the_command_as_its_end_says(run, tmp_path, monkeypatch, kind, error):
    def drive(*_, **__):
        raise error("oops")

    monkeypatch.setattr(driver, "resume", drive)
    code, _, err = run("resume")
    codes = {told: code for told, _, code, _ in TOLD} | {EndKind.TAKEN_OVER: 3}
    assert (code, "oops" in err) == (codes[kind], True)


def test_the_end_of_a_launch_says_which_trials_diverged_and_which_pattern_found_nothing(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    text = (
        "sweep: {objective: {channel: loss}, grid: {x: [1, 2]}}\n---\n!obj:toy.Toy { x: {{ x }} }\n"
    )
    (tmp_path / "grid.yaml.j2").write_text(text)
    spec = specs.load(tmp_path / "grid.yaml.j2")
    driver.create(spec, specs.expand(spec), tmp_path / "r")
    finished = AttemptState.FINISHED
    with closing(open_to_drive(tmp_path / "r")) as store:
        generation = store.claim("node0", 77, time.time())
        info = {"channels": "no channel matches los (did you mean loss?): there are loss"}
        for trial, loss in zip(store.trials(), [math.nan, 0.5], strict=True):
            data = array("d", [loss]).tobytes()
            device = Device("node0", 1, (0,), ())
            store.write(generation, [AttemptStarted(trial.id, 1, 0, device, 1.0)])
            store.write(generation, [Row(trial.id, 1, 0, 1, 1.0, ("loss",), data)])
            store.write(generation, [AttemptEnded(trial.id, 1, finished, 2.0, info=info)])
            store.write(generation, [TrialChanged(trial.id, TrialState.FINISHED, 2.0)])
        store.finish(generation, Ending(EndKind.FINISHED, ""), 3.0)
        first, other = (trial.id for trial in store.trials())
    assert cli.run(["watch", "r"]) == 0
    out = capsys.readouterr().out
    assert f"1 of 2 trials: loss is NaN or infinite in their last row ({first})\n" in out
    assert f"sweep.channels: {info['channels']}.\n" in out
    table = out.split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in table[1:]] == [other, first]


def test_a_finished_run_with_a_failed_trial_exits_1(run, tmp_path):
    counts = end(tmp_path / "r", Ending(EndKind.FINISHED), first=TrialState.FAILED)
    assert Outcome(Ending(EndKind.FINISHED), counts).exit_code == 1
    assert run("watch")[0] == 1


def test_a_driver_that_died_without_a_word_is_the_cluster_s(run, tmp_path, monkeypatch):
    end(tmp_path / "r", None)
    monkeypatch.setattr("sweeper.store.liveness.HEARTBEAT_LIMIT_S", 0.0)  # another host's
    code, _, err = run("watch")
    assert (code, "its driver is gone\n" in err) == (3, True)
    assert "its driver is gone (process 77 on node0" in run("status")[1]


def test_a_run_that_no_driver_began_is_told_so(run):
    code, _, err = run("watch")
    assert (code, "no driver of it runs\n" in err) == (3, True)
    assert run("status")[1].startswith("toy: created, not started\n")
