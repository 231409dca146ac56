"""Leases that are filled up while they run."""

from __future__ import annotations

from play import Play, extend, lease

from sweeper.records import Drain, StartWorker, TrialChanged, TrialState


def test_a_worker_s_empty_slots_are_filled_when_it_tells_how_many_it_has():
    play = Play("a" * 12)
    play.up()
    play.began("t0")
    assert play.built("t0", slots=8) == (extend(0, *(f"t{i}" for i in range(1, 8))),)
    assert {change.state for change in play.changes} == {TrialState.LEASED}
    play.began("t1")
    assert play.built("t1", slots=8) == ()


def test_what_was_added_to_a_lease_too_late_is_leased_again_and_charged_to_nobody():
    play = Play("aaa", retries=0)
    play.up()
    play.began("t0")
    play.built("t0", slots=2)
    play.ended("t0")
    assert play.over() == (lease(0, ("t1", 2)),)
    play.whole("t1", 2)
    assert play.over() == (lease(0, ("t2", 1)),)


def test_those_that_came_too_late_are_leased_together():
    play = Play("a" * 9)
    play.up()
    play.began("t0")
    play.built("t0", slots=4)
    play.ended("t0")
    (again,) = play.over()
    assert again == lease(0, ("t1", 2), ("t2", 2), ("t3", 2))
    play.began("t1", 2)
    play.down(charged=False)
    assert play.up() == (lease(0, ("t1", 3)),)  # what was lost with it is tried alone, as ever


def test_they_are_leased_together_also_where_nothing_else_of_their_text_is_left():
    play = Play("aaaa")
    play.up()
    play.began("t0")
    play.built("t0", slots=4)
    play.ended("t0")
    assert play.over() == (lease(0, ("t1", 2), ("t2", 2), ("t3", 2)),)


def test_a_lease_is_extended_once_and_no_lease_that_was_given_with_its_slots_known():
    play = Play("a" * 20)
    play.up()
    play.began("t0")
    play.built("t0", slots=2)
    play.ended("t0")
    play.began("t1")
    assert play.built("t1", slots=2) == ()
    play.ended("t1")
    (given,) = play.over()
    first = given.attempts[0].trial
    play.began(first)
    assert play.built(first, slots=8) == ()


def test_one_that_came_late_and_never_began_is_not_charged_with_its_worker_s_death():
    play = Play("aaa", retries=0)
    play.up()
    play.began("t0")
    play.built("t0", slots=2)
    play.ended("t0")
    assert play.down() == (StartWorker(0),)
    assert play.changes == (TrialChanged("t1", TrialState.PENDING, 0.0),)
    assert play.up() == (lease(0, ("t1", 2)),)
    play.down()
    assert play.changes[-1] == TrialChanged("t1", TrialState.FAILED, 0.0)


def test_nothing_is_added_to_what_is_tried_again():
    play = Play("aaa")
    play.up()
    play.down()
    play.up()
    play.began("t0", 2)
    assert play.built("t0", 2, slots=8) == ()


def test_nothing_is_added_while_the_sweep_ends():
    play = Play("aaa")
    play.up()
    play.began("t0")
    play.tell(Drain("Ctrl-C", 1.0))
    assert play.built("t0", slots=8) == ()
