"""What a source of trials may know of those before."""

from __future__ import annotations

from array import array

from sweeper.driver.past import Past
from sweeper.records import (
    History,
    Objective,
    PastTrial,
    Row,
    Trial,
    TrialChanged,
    TrialState,
)

PENDING, FINISHED = TrialState.PENDING, TrialState.FINISHED


def trial(name, x):
    return Trial(name, 0, {"x": x}, "text", ())


def row(name, epoch, error, attempt=1, phase=0):
    return Row(
        name, attempt, phase, epoch, 0.0, ("loss", "error"), array("d", [9.0, error]).tobytes()
    )


def end(past, name, state=FINISHED):
    past.see_change(TrialChanged(name, state, 0.0))


def two_batches():
    past = Past(Objective("error", "min"))
    past.add(0, [(trial("a", 1), PENDING), (trial("b", 2), PENDING)])
    past.add(1, [(trial("c", 3), PENDING)])
    return past


def test_a_history_has_the_objective_of_each_epoch_in_ordinal_order_however_the_trials_ran():
    past = two_batches()
    for one in (row("b", 0, 0.5), row("a", 0, 0.75), row("b", 1, 0.25), row("c", 0, 0.125)):
        past.see(one)
    for name in ("b", "c", "a"):
        end(past, name)
    assert past.history(0) == History(
        ended=(
            PastTrial({"x": 1}, FINISHED, ((0, 0, 0.75),)),
            PastTrial({"x": 2}, FINISHED, ((0, 0, 0.5), (0, 1, 0.25))),
        ),
        pending=({"x": 3},),
    )


def test_a_later_batch_counts_as_pending_also_once_it_has_ended():
    past = two_batches()
    end(past, "c")
    assert past.history(0).pending == ({"x": 3},)
    assert [one.values for one in past.history(1).ended] == [{"x": 3}]
    assert past.history(1).pending == ()


def test_what_a_trial_that_failed_said_is_not_told_and_a_cancelled_one_is_no_part_of_it():
    past = two_batches()
    past.see(row("a", 0, 0.5))
    end(past, "a", TrialState.FAILED)
    end(past, "b", TrialState.CANCELLED)
    assert past.history(0).ended == (PastTrial({"x": 1}, TrialState.FAILED, ()),)
    assert past.history(0).left_out == ({"x": 2},)
    assert past.history(-1).left_out == ()


def test_a_trial_whose_text_cannot_be_built_has_failed():
    past = two_batches()
    past.see(row("a", 0, 0.5))
    end(past, "a")
    assert past.is_over(0, {"b"})
    assert [one.state for one in past.history(0, {"b"}).ended] == [FINISHED, TrialState.FAILED]


def test_an_attempt_that_went_on_replaces_what_came_after_its_first_row():
    past = two_batches()
    for epoch in range(4):
        past.see(row("a", epoch, 1.0 + epoch))
    past.see(row("a", 2, 0.25, attempt=2))
    past.see(row("a", 3, 7.0))  # comes late, of an attempt that is over
    past.see(row("a", 1, 0.5, attempt=2, phase=1))
    end(past, "a")
    (told,) = past.history(0).ended
    assert told.objective == ((0, 0, 1.0), (0, 1, 2.0), (0, 2, 0.25), (1, 1, 0.5))


def test_what_was_told_is_told_anew_where_rows_came_since():
    past = Past(Objective("error", "min"))
    past.add(0, [(trial("a", 1), FINISHED)])
    assert past.history(0).ended[0].objective == ()
    past.see(row("a", 0, 0.5))  # recorded before this driver, and read now
    assert past.history(0).ended[0].objective == ((0, 0, 0.5),)


def test_rows_without_the_objective_tell_nothing():
    past = Past(None)
    past.add(0, [(trial("a", 1), PENDING)])
    past.see(row("a", 0, 0.5))
    end(past, "a")
    assert past.history(0).ended == (PastTrial({"x": 1}, FINISHED, ()),)


def test_a_batch_is_over_when_it_and_all_before_it_are_or_can_never_be():
    past = two_batches()
    assert past.is_over(-1, ())
    end(past, "a")
    end(past, "c")
    assert not past.is_over(0, ())
    assert not past.is_over(1, ())
    assert past.is_over(1, {"b"})
    end(past, "b", TrialState.FAILED)
    assert past.is_over(1, ())
