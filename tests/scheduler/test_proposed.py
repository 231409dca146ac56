"""Trials that come while the sweep runs."""

from __future__ import annotations

import pytest
from play import Play, extend, lease

from sweeper.records import (
    AttemptState,
    Cancel,
    Drain,
    EndSweep,
    Lease,
    StartWorker,
)
from sweeper.scheduler import Tally

BAD = {"outcome": AttemptState.FAILED, "kind": "input", "message": "no class Sofmax"}


def growing(texts="", workers=1, **rules):
    return Play(texts, workers, is_last=False, **rules)


def test_a_sweep_without_a_trial_does_not_end_while_some_may_come():
    play = growing()
    assert (play.commands, play.state.over) == ((), False)
    assert play.propose("") == ()
    assert play.propose("", is_last=True) == (EndSweep(""),)


def test_workers_are_started_when_there_is_something_to_do():
    play = growing(workers=2)
    assert play.propose("aa") == (StartWorker(0), StartWorker(1))


def test_a_worker_that_waits_is_given_what_comes_at_once():
    play = growing("a")
    play.up()
    play.whole("t0")
    assert play.over() == ()
    assert play.propose("a", is_last=True) == (lease(0, ("t1", 1)),)
    play.whole("t1")
    assert play.over() == (EndSweep(""),)


def test_a_worker_that_was_lost_with_nothing_to_do_is_replaced_when_trials_come():
    play = growing("a")
    play.up()
    play.whole("t0")
    play.over()
    assert play.down(charged=False) == ()
    assert play.propose("a") == (StartWorker(0),)


def test_what_was_there_goes_out_first_and_no_lease_holds_two_batches():
    play = growing("aaa", workers=2)
    play.propose("aa", is_last=True)
    play.up()
    play.began("t0")
    assert play.built("t0", slots=8) == (extend(0, "t1", "t2"),)
    assert play.up(1) == (lease(1, ("t3", 1), ("t4", 1)),)


def test_a_text_that_was_proved_is_not_tried_again_and_its_slots_are_known():
    play = growing("aa")
    play.up()
    play.began("t0")
    play.built("t0", slots=4)
    play.ended("t0")
    play.ended("t1")
    play.over()
    assert play.propose("a" * 8) == (lease(0, *((f"t{i}", 1) for i in range(2, 6))),)


def test_a_text_that_is_built_is_good_for_trials_of_all_batches():
    play = growing("a", workers=2)
    play.up(0)
    play.propose("aaaa", is_last=True)
    play.began("t0")
    assert play.built("t0", slots=2) == ()  # its own batch has nothing else
    assert play.up(1) == (lease(1, ("t1", 1), ("t2", 1)),)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(
    ("batches", "impossible", "failed"),
    [
        (["aaaaaa", "aaaa"], {0, 3, 5}, {0, 3, 5}),  # both ends and the middle
        (["aaaaaa", "aaaa"], {0, 1, 2, 3, 4, 5, 7}, {0, 1, 2, 3, 4, 5, 7}),
        (["abab", "baab"], {0, 2, 5, 6}, {0, 2, 5, 6}),
        (["a" * 12, "aaaa"], set(range(16)), set(range(12))),
    ],
)
def test_the_number_of_workers_does_not_say_which_trials_of_a_search_fail(
    workers, batches, impossible, failed
):
    assert failed_of(batches, impossible, workers) == {f"t{number}" for number in failed}


def failed_of(batches, impossible, workers):
    """The trials that fail of batches, each of which comes when the one before is over."""
    play = growing(workers=workers)
    failed = set()
    for number, texts in enumerate(batches):
        given = [*play.propose(texts, is_last=number == len(batches) - 1)]
        given += [one for worker in range(workers) if not number for one in play.up(worker)]
        given = [one for one in given if isinstance(one, Lease)]
        while given:
            one = given.pop(0)
            for trial in (leased.trial for leased in one.attempts):
                play.began(trial, worker=one.worker)
                if int(trial[1:]) in impossible:
                    play.ended(trial, worker=one.worker, **BAD)
                    failed.add(trial)
                else:
                    play.built(trial, worker=one.worker)
                    given += [new for new in play.commands if isinstance(new, Lease)]
                    play.ended(trial, worker=one.worker)
                given += [new for new in play.commands if isinstance(new, Lease)]
            given += [new for new in play.over(one.worker) if isinstance(new, Lease)]
    return failed


def test_a_first_batch_of_which_nothing_can_be_built_ends_a_search_as_the_user_s_input():
    play = growing("a" * 12)
    play.up()
    for _ in range(12):
        (leased,) = play.commands
        trial = leased.attempts[0].trial
        play.began(trial)
        play.ended(trial, **BAD)
        play.over()
    (end,) = play.commands
    assert end == EndSweep(
        "given up when 12 of the first 12 trials had failed; the last one: no class Sofmax"
    )
    assert play.state.end.kind == "input"


def test_a_text_of_a_search_that_was_never_built_is_told_at_its_end():
    play = growing("ab")
    play.up()
    play.began("t0")
    play.ended("t0", **BAD)
    play.over()
    play.whole("t1")
    play.over()
    assert play.propose("", is_last=True) == (EndSweep("no class Sofmax"),)
    assert play.state.end.kind == "input"


def test_a_trial_of_a_batch_that_is_not_looked_at_yet_can_be_cancelled():
    play = growing("".join(map(chr, range(200, 250))))
    play.propose("ab", is_last=True)
    play.tell(Cancel(("t51", "t49"), 0.0))
    assert {change.trial for change in play.changes} == {"t51", "t49"}
    assert play.state.tally.cancelled == 2


def test_a_batch_whose_trials_are_all_leased_is_forgotten():
    play = growing()
    for number in range(50):
        play.propose("aa")
        if number == 0:
            play.up()
        for trial in (f"t{2 * number}", f"t{2 * number + 1}"):
            play.whole(trial)
            play.over()
        assert play.state.backlog.batches == ()
    assert play.state.tally.finished == play.state.total == 100


def test_a_drain_ends_a_sweep_whose_source_might_go_on():
    play = growing("aa")
    play.up()
    play.began("t0")
    play.tell(Drain("Ctrl-C", 0.0))
    play.ended("t0", outcome=AttemptState.INTERRUPTED)
    assert play.over() == (EndSweep("Ctrl-C"),)


def test_what_comes_while_the_sweep_ends_is_not_leased():
    play = growing("a")
    play.up()
    play.tell(Drain("Ctrl-C", 0.0))
    assert play.propose("a") == ()
    assert play.state.total == 2


@pytest.mark.parametrize("batches", [["aaaa"], ["a", "aaa"], ["aa", "aa"], ["a", "a", "a", "a"]])
def test_the_total_is_that_of_all_batches_and_of_what_was_over_before(batches):
    play = Play("", before=Tally(finished=3, failed=2), is_last=False)
    for texts in batches:
        play.propose(texts)
    assert play.state.total == 9
