"""What is said before a launch about where it goes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sweeper import cli
from sweeper.cli.coming import to_come
from sweeper.records import Ending, EndKind, TrialState

SPEC = "sweep:\n  name: s\n  grid: {x: [1, 2]}\n---\n{{ x }}\n"


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def run(x):\n    yield {'e': x}\n")
    (tmp_path / "s.yaml.j2").write_text(SPEC.replace("{{ x }}", "!obj:mine.run { x: {{ x }} }"))
    return "s.yaml.j2"


def test_a_cluster_that_the_shell_names_is_told_with_the_variable(spec, monkeypatch, capsys):
    monkeypatch.setenv("RAY_ADDRESS", "10.9.8.7:6379")
    assert cli.run(["launch", spec, "--dry-run"]) == 0
    assert "on 10.9.8.7:6379 (by RAY_ADDRESS; without it, this machine)" in capsys.readouterr().out


def test_a_cluster_of_the_shell_that_does_not_answer_is_told_with_how_to_leave_it(
    spec, monkeypatch, capsys
):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    monkeypatch.setattr("sweeper.launchers.cluster.joined.REACH_S", 0.1)
    assert cli.run(["launch", spec]) == 3
    err = capsys.readouterr().err
    assert "RAY_ADDRESS: nothing answers at 127.0.0.1:1" in err
    assert "without RAY_ADDRESS the sweep runs on this machine" in err


SEARCH = """\
sweep:
  search: {sampler: random, trials: 6, batch: 2, axes: {x: {uniform: [0, 1]}}}
---
!obj:mine.run { x: {{ x }} }
"""


@pytest.mark.parametrize("kind", list(EndKind))
def test_trials_may_come_to_every_run_but_one_that_finished(kind):
    sweep = SimpleNamespace(
        spec_text=SEARCH, spec_path="s.yaml.j2", defines={}, ending=Ending(kind, "so")
    )
    store = SimpleNamespace(
        sweep=lambda: sweep, batches=lambda: (0, 2), counts=lambda: {TrialState.FINISHED: 4}
    )
    assert to_come(store) == (0 if kind is EndKind.FINISHED else 2)
