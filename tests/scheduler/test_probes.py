"""Whether a text is good: what its first trials show."""

from __future__ import annotations

from collections import deque

import pytest
from play import Play, extend, lease

from sweeper.records import AttemptState, EndSweep, Lease, TrialChanged, TrialState
from sweeper.scheduler.backlog import Doubt


def test_until_a_trial_of_a_text_is_built_each_worker_is_given_one_alone():
    play = Play("a" * 20, workers=3)
    assert play.up(0) == (lease(0, ("t0", 1)),)
    assert play.up(1) == (lease(1, ("t1", 1)),)
    assert play.began("t0") == ()
    assert play.built("t0", slots=4) == (extend(0, "t2", "t3", "t4"),)
    assert play.up(2) == (lease(2, *((f"t{i}", 1) for i in range(5, 9))),)
    play.began("t1", worker=1)
    assert play.built("t1", worker=1, slots=4) == (extend(1, "t9", "t10", "t11"),)


def test_only_some_workers_try_a_text_that_is_not_known_to_be_good():
    play = Play("a" * 20, workers=9)
    for worker in range(8):
        assert play.up(worker) == (lease(worker, (f"t{worker}", 1)),)
    assert play.up(8) == ()
    assert play.built("t3", worker=3) == (lease(8, ("t8", 1)),)


def test_each_text_has_a_first_trial_of_its_own():
    play = Play("abab", workers=2)
    assert play.up(0) == (lease(0, ("t0", 1)),)
    assert play.up(1) == (lease(1, ("t1", 1)),)


def test_a_text_that_cannot_be_built_stops_its_trials_and_others_go_on():
    play = Play("aab")
    play.up()
    play.began("t0")
    bad = {"outcome": AttemptState.FAILED, "kind": "input", "message": "no class Sofmax"}
    play.ended("t0", **bad)
    assert TrialChanged("t0", TrialState.FAILED, 0.0) in play.changes
    assert play.over() == (lease(0, ("t1", 1)),)
    play.ended("t1", **bad)
    assert play.over() == (lease(0, ("t2", 1)),)
    play.whole("t2")
    assert play.over() == (EndSweep("no class Sofmax"),)
    assert play.state.end.kind == "input"


BAD = {"outcome": AttemptState.FAILED, "kind": "input", "message": "no class Sofmax"}


def probed(texts):
    """A play in which two workers try a text, and one of them could not build it."""
    play = Play(texts, workers=2)
    for worker in range(2):
        play.up(worker)
        play.began(f"t{worker}", worker=worker)
    play.ended("t0", **BAD)
    assert play.changes[-1] == TrialChanged("t0", TrialState.FAILED, 0.0)
    return play


@pytest.mark.parametrize(
    ("number", "tried"),
    [(1, [0]), (2, [0, 1]), (3, [0, 2, 1]), (4, [0, 3, 2]), (9, [0, 8, 4])],
)
def test_one_worker_tries_a_text_that_can_t_be_built_at_both_ends_and_in_the_middle(number, tried):
    play = Play("a" * number)
    commands = play.up()
    for place in tried:
        assert commands == (lease(0, (f"t{place}", 1)),)
        play.began(f"t{place}")
        play.ended(f"t{place}", **BAD)
        commands = play.over()
    (end,) = commands
    left = number - len(tried)
    more = (
        f". Of {number} trials of this shape 3 were tried, the first and the last among them, and"
        " none could be built. Mend the spec and launch it again."
    )
    assert end == EndSweep("no class Sofmax" + more * bool(left))
    assert len(play.state.backlog.stuck) == left
    assert play.state.end.kind == "input"


def test_a_text_whose_first_trials_are_impossible_is_good_if_its_last_one_is_built():
    play = probed("a" * 9)
    assert play.over(0) == (lease(0, ("t8", 1)),)
    play.ended("t1", worker=1, **BAD)
    assert play.over(1) == (lease(1, ("t4", 1)),)
    play.began("t8")
    play.built("t8", slots=2)
    assert play.commands == (extend(0, "t2"),)
    assert play.state.backlog.doubts == ()
    play.began("t4", worker=1)
    play.built("t4", worker=1, slots=4)
    assert play.commands == (extend(1, "t3", "t5"),)
    for trial in ("t4", "t3", "t5"):
        play.ended(trial, worker=1)
    assert play.over(1) == (lease(1, ("t6", 1), ("t7", 1)),)
    assert play.state.end.kind == "finished"


def test_workers_do_not_try_more_of_a_doubted_text_than_is_needed():
    play = Play("a" * 20, workers=4)
    for worker in range(2):
        play.up(worker)
    play.began("t0")
    play.ended("t0", **BAD)
    assert play.over(0) == (lease(0, ("t19", 1)),)
    assert play.up(2) == (lease(2, ("t10", 1)),)
    assert play.up(3) == ()  # three at work, one failed


def test_a_text_that_another_worker_builds_is_good_and_the_trial_that_failed_fails_alone():
    play = probed("aaaa")
    play.built("t1", worker=1)
    assert play.over(0) == (lease(0, ("t2", 1)),)
    assert play.state.end.kind == "finished"


def test_a_probe_that_shows_nothing_is_followed_by_another_until_enough_have_failed():
    play = Play("a" * 6)
    play.up()
    error = {"outcome": AttemptState.FAILED, "kind": "error", "message": "no memory"}
    for trial, how in (("t0", BAD), ("t5", error), ("t3", error), ("t1", BAD), ("t2", BAD)):
        play.began(trial)
        play.ended(trial, **how)
        commands = play.over()
    assert str(commands[0].reason).startswith("no class Sofmax. Of 6 trials of this shape 3 were")
    assert play.state.backlog.stuck == {"t4"}


def test_the_last_trials_of_a_text_that_showed_nothing_leave_the_doubt_standing():
    play = probed("aa")
    error = {"outcome": AttemptState.FAILED, "kind": "error", "message": "no memory"}
    play.over(0)
    play.ended("t1", worker=1, **error)
    assert play.over(1) == (EndSweep("no class Sofmax"),)
    assert play.state.end.kind == "input"


def test_mistakes_that_all_workers_find_in_two_texts_are_the_user_s_input_and_no_failures():
    play = Play("a" * 20 + "b" * 20, workers=8)
    given = deque(play.up(worker)[0] for worker in range(8))
    while given:
        one = given.popleft()
        trial = one.attempts[0].trial
        play.began(trial, worker=one.worker)
        play.ended(trial, worker=one.worker, **BAD)
        given += [command for command in play.over(one.worker) if isinstance(command, Lease)]
    assert play.state.end.kind == "input"
    assert play.state.tally.failed > 10
    assert play.state.tally.failed - play.state.tally.echoes == 2


def test_a_trial_that_waits_is_what_a_doubted_text_has_left():
    play = probed("aa")
    play.over(0)
    assert play.down(1, charged=False) == (lease(0, ("t1", 2)),)
    assert play.state.backlog.doubts == (Doubt("a", "no class Sofmax"),)
    play.built("t1", 2)
    assert (play.state.backlog.doubts, play.state.end.kind) == ((), "finished")


def test_what_was_a_probe_and_waits_is_none_once_its_text_is_proved():
    play = Play("aaa", workers=2)
    for worker in range(2):
        play.up(worker)
        play.began(f"t{worker}", worker=worker)
    play.down(1, charged=False)
    play.built("t0")
    assert play.up(1) == (lease(1, ("t1", 2)),)
    play.began("t1", 2, worker=1)
    play.ended("t1", 2, worker=1, **BAD)
    assert play.over(1) == (lease(1, ("t2", 1)),)
    assert play.state.end.kind == "finished"


def test_a_fault_in_building_that_is_no_bad_input_lets_the_next_trial_try():
    play = Play("aa")
    play.up()
    play.began("t0")
    play.ended("t0", outcome=AttemptState.FAILED, kind="error", message="no memory")
    assert play.over() == (lease(0, ("t1", 1)),)
