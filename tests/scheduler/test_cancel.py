"""Trials that the user cancels."""

from __future__ import annotations

from play import Play, lease, proved

from sweeper.records import AttemptState, Cancel, EndSweep, InterruptTrial, TrialChanged, TrialState


def test_a_pending_trial_that_is_cancelled_is_never_leased():
    play = Play("aaa")
    assert play.tell(Cancel(("t1",), play.clock)) == ()
    assert play.changes == (TrialChanged("t1", TrialState.CANCELLED, 0.0),)
    play.up()
    play.whole("t0")
    assert play.over() == (lease(0, ("t2", 1)),)


def test_a_running_trial_that_is_cancelled_is_interrupted_and_then_cancelled():
    play = Play("aa")
    play.up()
    play.began("t0")
    assert play.tell(Cancel(("t0",), play.clock)) == (InterruptTrial(0, "t0"),)
    assert play.changes == ()
    assert play.tell(Cancel(("t0",), play.clock)) == ()
    play.ended("t0", outcome=AttemptState.INTERRUPTED)
    assert play.changes[-1] == TrialChanged("t0", TrialState.CANCELLED, 0.0)
    assert play.over() == (lease(0, ("t1", 1)),)
    assert play.state.tally.cancelled == 1


def test_a_leased_trial_that_its_worker_passes_over_is_cancelled_without_an_attempt():
    play = proved("aaaa")  # t1 and t2 are leased
    play.tell(Cancel(("t2",), play.clock))
    play.whole("t1")
    assert play.over() == (lease(0, ("t3", 1)),)
    assert play.changes[0] == TrialChanged("t2", TrialState.CANCELLED, 0.0)


def test_a_cancelled_trial_that_takes_its_worker_down_does_not_fail():
    play = Play("a", retries=0)
    play.up()
    play.began("t0")
    play.tell(Cancel(("t0",), play.clock))
    play.down()
    assert play.changes[-1] == TrialChanged("t0", TrialState.CANCELLED, 0.0)
    assert (play.state.tally.failed, play.commands) == (0, (EndSweep(""),))


def test_a_trial_that_ends_before_the_worker_hears_keeps_its_end():
    play = Play("a")
    play.up()
    play.began("t0")
    play.tell(Cancel(("t0",), play.clock))
    play.ended("t0")
    assert play.changes[-1] == TrialChanged("t0", TrialState.FINISHED, 0.0)


def test_what_is_over_or_unknown_is_not_cancelled():
    play = Play("aa")
    play.up()
    play.whole("t0")
    before = play.state
    play.tell(Cancel(("t0", "nosuch"), play.clock))
    assert (play.state, play.commands, play.changes) == (before, (), ())


def test_trials_of_a_text_that_cannot_be_built_can_be_cancelled():
    play = Play("aab")
    play.up()
    play.began("t0")
    play.ended("t0", outcome=AttemptState.FAILED, kind="input", message="no class")
    play.tell(Cancel(("t1",), play.clock))
    assert play.changes == (TrialChanged("t1", TrialState.CANCELLED, 0.0),)


def test_a_sweep_whose_last_trials_are_cancelled_ends_at_once():
    play = Play("ab" * 50)
    play.up()
    play.whole("t0")
    rest = tuple(f"t{i}" for i in range(1, 100))
    play.over()
    (held,) = play.state.workers[0].lease
    play.tell(Cancel(rest, play.clock))
    assert play.state.tally.cancelled == 98
    play.ended(held.trial.id, outcome=AttemptState.INTERRUPTED)
    assert play.over() == (EndSweep(""),)
    assert play.state.tally.cancelled == 99


def test_a_doubt_stands_where_the_trials_that_could_end_it_are_cancelled():
    bad = {"outcome": AttemptState.FAILED, "kind": "input", "message": "no class Sofmax"}
    play = Play("aab", workers=2)
    for worker in range(2):
        play.up(worker)
        play.began(f"t{worker}", worker=worker)
    play.ended("t0", **bad)
    assert play.over(0) == (lease(0, ("t2", 1)),)
    play.down(1, charged=False)
    play.tell(Cancel(("t1",), 0.0))
    play.whole("t2")
    assert play.over(0) == (EndSweep("no class Sofmax"),)
    assert play.state.end.kind == "input"
