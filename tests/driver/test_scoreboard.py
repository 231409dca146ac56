"""The best so far, and an objective that no trial records."""

from __future__ import annotations

import math
from array import array

import pytest

from sweeper.driver.scoreboard import Scoreboard
from sweeper.records import (
    AttemptState,
    Ended,
    ExperimentText,
    Objective,
    Row,
    TrialChanged,
    TrialState,
)

ONE = {"x": ExperimentText("g", "# a comment\n!obj:pylearn2.train.Train {}", (1, 2))}
PHASES = {"x": ExperimentText("g", "# a comment\n[!obj:a.B {}, !obj:a.C {}]", (1, 2))}
DOCUMENTS = {"x": ExperimentText("g", "!obj:a.B {}\n---\n!obj:a.C {}", (1, 2, 3))}


def row(trial="t", phase=0, **values):
    data = array("d", values.values()).tobytes()
    return Row(trial, 1, phase, 0, 0.0, tuple(values), data)


def finished(trial="t"):
    return Ended(0, trial, 1, AttemptState.FINISHED, 0.0)


@pytest.mark.parametrize(("mode", "best"), [("min", ("b", 0.25)), ("max", ("a", 0.5))])
def test_the_best_value_is_that_of_the_objective_s_mode_and_never_nan(mode, best):
    scoreboard = Scoreboard(Objective("error", mode), ONE)
    for trial, value in [("n", math.nan), ("a", 0.5), ("b", 0.25), ("c", 0.375), ("n", math.nan)]:
        scoreboard.see(row(trial, loss=9.0, error=value))
    assert scoreboard.best == best
    assert scoreboard.fault == ""


@pytest.mark.parametrize(("mode", "best"), [("min", ("b", 0.375)), ("max", ("a", 0.5))])
def test_a_trial_that_failed_is_not_the_best(mode, best):
    scoreboard = Scoreboard(Objective("error", mode), ONE)
    for trial, value in [("a", 0.5), ("b", 0.375), ("bad", 0.25), ("bad", 0.75)]:
        scoreboard.see(row(trial, error=value))
    scoreboard.see_end(Ended(0, "bad", 1, AttemptState.FAILED, 0.0))
    assert scoreboard.best == best
    for trial in ("a", "b"):
        scoreboard.see_end(Ended(0, trial, 1, AttemptState.FAILED, 0.0))
    assert scoreboard.best is None


def test_a_trial_that_failed_with_its_worker_is_not_the_best():
    scoreboard = Scoreboard(Objective("error", "min"), ONE)
    for trial, value in [("a", 0.5), ("lost", 0.25)]:
        scoreboard.see(row(trial, error=value))
    scoreboard.see_change(TrialChanged("lost", TrialState.PENDING, 0.0))
    assert scoreboard.best == ("lost", 0.25)
    scoreboard.see_change(TrialChanged("lost", TrialState.FAILED, 0.0))
    assert scoreboard.best == ("a", 0.5)


def test_a_missing_objective_is_said_at_the_first_row_with_the_channels_there_are():
    scoreboard = Scoreboard(Objective("valid_eror", "min"), ONE)
    scoreboard.see(row("abc", valid_error=0.5, train_error=0.25))
    assert scoreboard.fault == (
        "sweep.objective.channel: 'valid_eror' is no channel that trial abc records."
        " Did you mean 'valid_error'? Its channels are: train_error, valid_error."
    )


def a_text(text):
    return {"x": ExperimentText("g", text, tuple(range(1, text.count("\n") + 2)))}


def test_an_objective_that_may_yet_come_is_a_hint_from_the_first_row_on_until_it_comes():
    scoreboard = Scoreboard(Objective("valid_eror", "min"), a_text("!obj:mine.Loop {}"))
    scoreboard.see(row(valid_error=0.5))
    assert scoreboard.fault == ""
    assert scoreboard.hint == (
        "no row has 'valid_eror' yet. Did you mean 'valid_error'? Its channels are: valid_error."
    )
    scoreboard.see(row(valid_eror=0.5))
    assert scoreboard.hint == ""


def test_a_pattern_that_matched_nothing_is_a_hint_after_the_first_trial():
    scoreboard = Scoreboard(None, ONE)
    info = {"channels": "no channel matches los: there are loss"}
    scoreboard.see_end(Ended(0, "a", 1, AttemptState.FINISHED, 0.0, info=info))
    assert scoreboard.hint == "sweep.channels: no channel matches los: there are loss"


@pytest.mark.parametrize("mode", ["min", "max"])
def test_infinity_is_never_the_best(mode):
    scoreboard = Scoreboard(Objective("error", mode), ONE)
    for trial, value in [("a", -math.inf), ("b", math.inf), ("c", 0.5), ("d", math.nan)]:
        scoreboard.see(row(trial, error=value))
    assert scoreboard.best == ("c", 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "!obj:pylearn2core.train.Train\nmodel: 1\n",
        "  # said\n\n!obj:pylearn2.train.Train {\n}\n",
        "&p !obj:pylearn2.train.Train &q {}",
    ],
)
def test_a_train_without_the_objective_is_found_at_its_first_row(text):
    scoreboard = Scoreboard(Objective("error", "min"), a_text(text))
    scoreboard.see(row(loss=1.0))
    assert "'error' is no channel" in scoreboard.fault


@pytest.mark.parametrize(
    "texts",
    [
        PHASES,
        DOCUMENTS,
        a_text("!obj:pylearn2.train.Train {}\n---\n!obj:pylearn2.train.Train {}"),
        a_text("&p [!obj:pylearn2.train.Train {}]"),
        a_text("!obj:mine.phases {}"),  # may return a list
        a_text("!obj:mine.Validates {every: 5}"),
        a_text("!obj:pylearn2.train.Trainer {}"),
        ONE | {"y": ExperimentText("g", "!obj:mine.Own {}", (1,))},
    ],
)
def test_an_experiment_that_is_no_single_train_may_show_the_objective_later(texts):
    scoreboard = Scoreboard(Objective("error", "min"), texts)
    scoreboard.see(row(loss=1.0))
    assert scoreboard.fault == ""
    scoreboard.see(row(phase=1, error=1.0))
    scoreboard.see_end(finished())
    assert scoreboard.fault == ""

    never = Scoreboard(Objective("error", "min"), texts)
    never.see(row(loss=1.0))
    never.see_end(finished())
    assert "'error' is no channel" in never.fault


def test_a_trial_without_rows_lacks_the_objective_too():
    scoreboard = Scoreboard(Objective("error", "min"), ONE)
    scoreboard.see_end(finished())
    assert scoreboard.fault.endswith("Its channels are: none: it reported no row.")


def test_without_an_objective_nothing_is_looked_at():
    scoreboard = Scoreboard(None, ONE)
    scoreboard.see(row(loss=1.0))
    scoreboard.see_end(finished())
    assert (scoreboard.best, scoreboard.fault) == (None, "")
