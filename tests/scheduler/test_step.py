"""The scheduler, step by step: what one event does."""

from __future__ import annotations

import pytest
from play import HERE, Play, extend, lease, proved

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Began,
    Built,
    Drain,
    Ended,
    EndSweep,
    InterruptWorker,
    Lease,
    StartWorker,
    TrialChanged,
    TrialState,
)
from sweeper.scheduler import Policy, Tally
from sweeper.scheduler.policy import lease_size


def test_all_workers_are_started_first():
    assert Play(workers=2).commands == (StartWorker(0), StartWorker(1))


def test_a_sweep_without_trials_ends_at_once():
    assert Play(texts="").commands == (EndSweep(""),)


def test_trials_go_out_by_ordinal_and_a_lease_holds_one_text():
    play = Play("aabb" * 10)
    play.up()
    play.whole("t0")
    assert play.over() == (lease(0, *((f"t{i}", 1) for i in (1, 4, 5, 8, 9, 12, 13, 16, 17, 20))),)


def test_a_trial_alone_when_its_worker_dies_is_charged_and_fails_after_its_retries():
    play = Play("a", retries=1)
    play.up()
    play.began("t0")
    assert play.down() == (StartWorker(0),)
    assert play.changes == (
        AttemptEnded("t0", 1, AttemptState.LOST, 0.0, message="killed by signal 9"),
        TrialChanged("t0", TrialState.PENDING, 0.0),
    )
    assert play.up() == (lease(0, ("t0", 2)),)
    play.began("t0", 2)
    assert play.down() == (EndSweep(""),)
    assert play.changes[-1] == TrialChanged("t0", TrialState.FAILED, 0.0)


def test_a_trial_that_dies_alone_before_its_begin_was_heard_is_charged_too():
    play = Play("a", retries=0)
    play.up()
    play.down()
    assert play.changes == (
        AttemptStarted("t0", 1, 0, HERE, 0.0),
        AttemptEnded("t0", 1, AttemptState.LOST, 0.0, message="killed by signal 9"),
        TrialChanged("t0", TrialState.FAILED, 0.0),
    )


def test_trials_that_were_leased_together_are_tried_again_alone_and_uncharged():
    play = proved("a" * 9, retries=0)
    assert [one.trial.id for one in play.state.workers[0].lease] == ["t1", "t2", "t3", "t4"]
    play.whole("t1")
    play.began("t2")
    assert play.down() == (StartWorker(0),)
    assert play.changes == (
        AttemptEnded("t2", 1, AttemptState.LOST, 0.0, message="killed by signal 9"),
        TrialChanged("t2", TrialState.PENDING, 0.0),
        TrialChanged("t3", TrialState.PENDING, 0.0),
        TrialChanged("t4", TrialState.PENDING, 0.0),
    )
    assert play.up() == (lease(0, ("t2", 2)),)
    play.whole("t2", 2)
    # Its first attempt may have begun unheard, and have left files.
    assert play.over() == (lease(0, ("t3", 2)),)


def test_preemption_charges_nothing_however_often_it_comes():
    play = Play("a", retries=0)
    for number in range(1, 6):
        assert play.up() == (lease(0, ("t0", number)),)
        play.began("t0", number)
        assert play.down(charged=False) == (StartWorker(0),)


def test_an_exception_is_retried_only_where_the_spec_says_so():
    failed = {"outcome": AttemptState.FAILED, "kind": "error", "message": "oops"}
    play = Play("a", retries=1, retry_on="error")
    play.up()
    play.whole("t0", **failed)
    assert play.over() == (lease(0, ("t0", 2)),)
    play.whole("t0", 2, **failed)
    assert play.over() == (EndSweep(""),)

    play = Play("a", retries=1)
    play.up()
    play.whole("t0", **failed)
    assert play.over() == (EndSweep(""),)


def given_up(failed, ended):
    return f"given up when {failed} of the first {ended} trials had failed; the last one: oops"


def test_the_sweep_ends_when_its_first_ten_trials_all_failed():
    play = Play("a" * 30, max_lease=1)
    play.up()
    for i in range(10):
        play.whole(f"t{i}", outcome=AttemptState.FAILED, kind="error", message="oops")
        play.over()
    assert play.commands == (
        EndSweep("given up when 10 of the first 10 trials had failed; the last one: oops"),
    )
    assert play.state.end.kind == "failures"


def test_one_good_trial_among_the_first_ten_lets_the_sweep_go_on():
    play = Play("a" * 30, max_lease=1)
    play.up()
    play.whole("t0")
    for i in range(1, 20):
        play.over()
        play.whole(f"t{i}", outcome=AttemptState.FAILED, kind="error", message="oops")
    assert play.over() == (lease(0, ("t20", 1)),)


def test_the_nth_failure_ends_the_sweep_where_max_failures_is_n_and_interrupts_the_rest():
    play = Play("aaaa", workers=2, max_failures=1)
    play.up(0)
    play.began("t0")
    play.built("t0")
    play.up(1)
    play.began("t1", worker=1)
    commands = play.ended("t0", outcome=AttemptState.FAILED, kind="error", message="oops")
    assert set(commands) == {InterruptWorker(0), InterruptWorker(1)}
    play.over(0)
    play.ended("t1", worker=1, outcome=AttemptState.INTERRUPTED)
    assert TrialChanged("t1", TrialState.PENDING, 0.0) in play.changes
    assert play.over(1) == (
        EndSweep("given up when 1 of the first 1 trials had failed; the last one: oops"),
    )


def test_a_drain_interrupts_what_runs_and_puts_what_was_not_begun_back():
    play = proved("a" * 9)
    play.began("t1")
    assert play.tell(Drain("Ctrl-C", 1.0)) == (InterruptWorker(0),)
    assert play.tell(Drain("Ctrl-C again", 1.0)) == ()
    play.ended("t1", outcome=AttemptState.INTERRUPTED)
    assert play.over() == (EndSweep("Ctrl-C"),)
    assert {change.trial for change in play.changes} == {"t2", "t3", "t4"}
    assert {change.state for change in play.changes} == {TrialState.PENDING}
    assert play.state.end.kind == "interrupted"


def test_a_worker_that_is_killed_while_the_sweep_ends_leaves_interrupted_attempts():
    play = proved("aaa")
    play.began("t1")
    play.tell(Drain("Ctrl-C", 1.0))
    assert play.down(charged=False) == (EndSweep("Ctrl-C"),)
    ended = AttemptEnded("t1", 1, AttemptState.INTERRUPTED, 0.0, message="Ctrl-C")
    assert play.changes == (ended, TrialChanged("t1", TrialState.PENDING, 0.0))


@pytest.mark.parametrize(
    "event",
    [
        Ended(0, "t0", 1, AttemptState.FAILED, 1.0, "error", "late", ""),
        Began(0, "t0", 1, 1.0),
        Built(1, "t1", 1, 1.0),
        Ended(7, "t1", 1, AttemptState.FINISHED, 1.0),
        Ended(0, "t1", 2, AttemptState.FINISHED, 1.0),
    ],
)
def test_a_report_of_an_attempt_that_is_not_active_changes_nothing(event):
    play = proved("aaa")
    before = play.state
    assert play.tell(event) == ()
    assert (play.state, play.changes) == (before, ())


def test_a_worker_that_never_comes_up_is_given_up_and_the_sweep_ends_as_the_clusters_fault():
    play = Play("aa")
    assert play.down() == (StartWorker(0),)
    assert play.down() == (StartWorker(0),)
    (end,) = play.down()
    assert end == EndSweep("no worker stays alive; the last one: killed by signal 9")
    assert play.state.end.kind == "cluster"


def test_the_other_workers_go_on_without_one_that_never_comes_up():
    play = Play("aa", workers=2)
    for _ in range(3):
        play.down(1)
    assert play.commands == ()
    assert play.up(0) == (lease(0, ("t0", 1)),)


def test_a_lease_that_ends_without_a_word_on_its_trial_charges_it():
    play = Play("a", retries=0)
    play.up()
    play.began("t0")
    assert play.over() == (EndSweep(""),)
    assert play.changes[-1] == TrialChanged("t0", TrialState.FAILED, 0.0)


def test_an_attempt_that_was_interrupted_unheard_leaves_its_number_unused():
    play = Play("a")
    play.up()
    play.ended("t0", outcome=AttemptState.INTERRUPTED)
    assert play.over() == (lease(0, ("t0", 2)),)


def fail_twelve(finished, failed, **rules):
    """How many of twelve trials fail until the sweep is given up."""
    play = Play("a" * 12, before=Tally(finished, failed), **rules)
    play.up()
    for made in range(1, 13):
        (given,) = (command for command in play.commands if isinstance(command, Lease))
        (one,) = given.attempts
        play.began(one.trial)
        play.ended(one.trial, outcome=AttemptState.FAILED, kind="error", message="oops")
        if play.state.ending:
            return made, play.state.end.reason
        play.over()
    return 12, ""


def test_what_ended_under_an_earlier_driver_counts_after_a_resume():
    assert fail_twelve(0, 0)[0] == 10
    assert fail_twelve(500, 0) == (12, "")
    assert fail_twelve(0, 7) == (
        3,
        "given up when 10 of the first 10 trials had failed; the last one: oops",
    )
    reason = "given up when 5 of the first 25 trials had failed; the last one: oops"
    assert fail_twelve(20, 3, max_failures=5) == (2, reason)


def test_resumed_trials_keep_their_attempts_numbers():
    play = Play("", is_last=False)
    play.propose("a", number=3, is_last=True)
    assert play.up() == (lease(0, ("t0", 3)),)


@pytest.mark.parametrize(
    ("seconds", "left", "workers", "size"),
    [
        (None, 1000, 1, 1),  # nothing is known yet
        (0.1, 1000, 1, 10),  # 10 x 0.1 s = 1 s
        (0.001, 1000, 1, 256),  # no more than 256
        (0.001, 100, 4, 13),  # ceil(100 / 8)
        (0.0, 1000, 1, 256),
        (5.0, 1000, 1, 1),  # no less than 1
    ],
)
def test_a_lease_holds_a_second_of_work_and_at_most_half_an_even_share(
    seconds, left, workers, size
):
    assert lease_size(Policy(), seconds=seconds, left=left, workers=workers) == size


def test_leases_follow_the_measured_duration():
    play = Play("a" * 200)
    play.up()
    play.whole("t0", seconds=0.25)
    (given,) = play.over()
    assert len(given.attempts) == 4  # 4 x 0.25 s = 1 s


@pytest.mark.parametrize(
    ("seconds", "left", "slots", "size"),
    [
        (None, 100, 8, 8),  # nothing is known but that a worker runs 8 side by side
        (None, 3, 8, 3),
        (10.0, 100, 8, 8),  # one alone would take as long as eight
        (0.05, 1000, 8, 24),  # 20 make a second; the next multiple of 8
        (0.05, 20, 8, 8),  # half of an even share of two is 5
        (0.05, 6, 8, 6),
    ],
)
def test_a_lease_fills_the_slots_of_a_worker(seconds, left, slots, size):
    assert lease_size(Policy(), seconds=seconds, left=left, workers=2, slots=slots) == size


def test_what_a_trial_takes_is_its_share_of_the_time_of_its_pack():
    play = Play("a" * 400)
    play.up()
    play.began("t0")
    play.built("t0", slots=8)
    play.clock += 0.4  # 0.05 s a slot: 20 trials a second
    for i in range(8):
        play.ended(f"t{i}")
    (command,) = play.over()
    assert len(command.attempts) == 24


def test_a_lease_holds_one_group_and_small_groups_do_not_fill_slots():
    play = Play("", workers=2, is_last=False)
    play.propose("a" * 16, groups=[("wide", True), ("narrow", False)] * 8, is_last=True)
    wide, narrow = [f"t{i}" for i in range(0, 16, 2)], [f"t{i}" for i in range(1, 16, 2)]
    assert play.up(0) == (lease(0, ("t0", 1)),)
    assert play.up(1) == (lease(1, ("t2", 1)),)
    play.began("t0")
    assert play.built("t0", slots=8) == (extend(0, *wide[2:]),)
    play.began("t2", worker=1)
    assert play.built("t2", worker=1, slots=8) == ()
    play.clock = 80.0
    for trial in ("t0", *wide[2:]):
        play.ended(trial)
    assert play.over() == (lease(0, (narrow[0], 1)),)
