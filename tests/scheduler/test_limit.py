"""Trials that pass the header's limit, or do not end when they are asked to."""

from __future__ import annotations

from play import Play, lease, proved

from sweeper.records import (
    AttemptState,
    Cancel,
    EndWorker,
    InterruptTrial,
    Overdue,
    Runaway,
    StartWorker,
    TrialChanged,
    TrialState,
)

LATE = "It took longer than 60 s."
GONE = "Worker 0 was ended."


def late(play, trial, number=1, worker=0):
    return play.tell(Overdue(worker, trial, number, LATE, play.clock))


def gone(play, worker=0, **how):
    return play.tell(Runaway(worker, GONE, play.clock, **how))


def end_of(play, trial):
    (end,) = (one for one in play.changes if getattr(one, "trial", "") == trial and is_end(one))
    return end.state, end.kind, end.message


def is_end(change):
    return hasattr(change, "message")


def test_a_trial_past_its_limit_is_asked_to_end_once_and_has_failed_then():
    play = Play("aa", retries=3, retry_on="error")
    play.up()
    play.began("t0")
    assert late(play, "t0") == (InterruptTrial(0, "t0"),)
    assert late(play, "t0") == ()
    play.ended("t0", outcome=AttemptState.INTERRUPTED)
    assert end_of(play, "t0") == (AttemptState.FAILED, "limit", LATE)
    assert play.changes[-1] == TrialChanged("t0", TrialState.FAILED, 0.0)
    assert play.over() == (lease(0, ("t1", 1)),)  # its worker lives


def test_one_that_does_not_end_takes_its_worker_with_it_and_a_new_one_is_started():
    play = Play("aa")
    play.up()
    play.began("t0")
    late(play, "t0")
    assert gone(play) == (EndWorker(0), StartWorker(0))
    assert end_of(play, "t0") == (AttemptState.FAILED, "limit", f"{LATE} {GONE}")
    play.ended("t0")  # too late
    assert play.changes == ()
    assert play.up() == (lease(0, ("t1", 1)),)


def test_mates_of_a_trial_that_hangs_are_tried_again_alone_and_uncharged():
    play = proved("aaaa", retries=0)  # t1 and t2 are leased
    play.began("t1")
    assert late(play, "t1") == (InterruptTrial(0, "t1"),)
    assert gone(play) == (EndWorker(0), StartWorker(0))
    assert end_of(play, "t1") == (AttemptState.INTERRUPTED, "", GONE)
    assert play.up() == (lease(0, ("t1", 2)),)  # any of the two may have been the cause
    play.began("t1", 2)
    late(play, "t1", 2)
    gone(play)
    assert end_of(play, "t1") == (AttemptState.FAILED, "limit", f"{LATE} {GONE}")
    assert play.up() == (lease(0, ("t2", 2)),)
    play.whole("t2", 2)
    assert play.changes[-1] == TrialChanged("t2", TrialState.FINISHED, 0.0)


def test_a_cancelled_trial_that_does_not_end_is_cancelled_and_its_mate_goes_on():
    play = proved("aaaa", retries=0)
    play.began("t1")
    play.tell(Cancel(("t1",), play.clock))
    assert gone(play) == (EndWorker(0), StartWorker(0))
    assert TrialChanged("t1", TrialState.CANCELLED, 0.0) in play.changes
    assert play.up() == (lease(0, ("t2", 2)),)


def test_a_late_trial_that_is_cancelled_meanwhile_is_asked_once_and_is_cancelled():
    play = Play("a")
    play.up()
    play.began("t0")
    late(play, "t0")
    assert play.tell(Cancel(("t0",), play.clock)) == ()
    play.ended("t0", outcome=AttemptState.INTERRUPTED)
    assert play.changes[-1] == TrialChanged("t0", TrialState.CANCELLED, 0.0)


def test_a_late_trial_that_comes_to_its_own_end_keeps_it():
    play = Play("a")
    play.up()
    play.began("t0")
    late(play, "t0")
    play.ended("t0")
    assert play.changes[-1] == TrialChanged("t0", TrialState.FINISHED, 0.0)


def test_what_earlier_trials_may_have_left_is_tried_in_a_new_process_before_it_is_blamed():
    play = Play("a", retries=0)
    play.up()
    play.began("t0")
    gone(play, is_sure=False)
    assert end_of(play, "t0")[0] is AttemptState.INTERRUPTED
    assert play.up() == (lease(0, ("t0", 2)),)
    gone(play, is_sure=False)  # whatever ran there before, it is the second time
    assert end_of(play, "t0") == (AttemptState.FAILED, "limit", GONE)


def test_a_limit_that_is_passed_while_the_sweep_ends_asks_nothing():
    play = Play("a", workers=2)
    play.up()
    play.began("t0")
    before = play.state
    late(play, "t0", worker=1)  # another worker's
    assert play.state == before
