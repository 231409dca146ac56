"""The invariants of a state: each is seen where it is broken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from play import Play, lease, proved

from sweeper.records import Ending, EndKind, EndSweep
from sweeper.scheduler import BrokenInvariantError, check
from sweeper.scheduler.attempt import Attempt, Why
from sweeper.scheduler.backlog import Doubt, KnownText
from sweeper.scheduler.state import WorkerState


def running():
    """A state of nine trials: t0 is over, t1 to t4 are leased, the rest waits for its turn."""
    return proved("a" * 9).state


def of_backlog(state, **changes):
    return replace(state, backlog=replace(state.backlog, **changes))


def of_worker(before, **changes):
    return replace(before, workers=(replace(before.workers[0], **changes),))


def of_pile(state, **changes):
    (opened,) = state.backlog.open
    return of_backlog(state, open=(replace(opened, **changes),))


def waiting(state, place, number=2, why=Why.AGAIN):
    (batch,) = state.backlog.batches
    trial = batch.by_id[f"t{place}"]
    return Attempt(trial, number, why)


def leased_and_waiting(state):
    return of_backlog(state, waiting=(waiting(state, 2),))


def waits_in_disorder(state):
    return of_backlog(of_worker(state, lease=()), waiting=(waiting(state, 3), waiting(state, 1)))


def waits_as_its_first(state):
    return of_backlog(of_worker(state, lease=()), waiting=(waiting(state, 1, number=1),))


def waits_though_unwanted(state):
    one = waiting(state, 1)
    return of_backlog(of_worker(state, lease=()), waiting=(one,), unwanted=frozenset({"t1"}))


def stuck_though_unwanted(state):
    return of_backlog(state, stuck=frozenset({"t1"}), unwanted=frozenset({"t1"}))


def probe_in_company(state):
    first, *rest = state.workers[0].lease
    return of_worker(state, lease=(replace(first, why=Why.PROBE), *rest))


def of_two_groups(state):
    first, *rest = state.workers[0].lease
    return of_worker(state, lease=(replace(first, trial=replace(first.trial, group="b")), *rest))


def leased_under_an_old_number(state):
    first, *rest = state.workers[0].lease
    return of_worker(state, lease=(replace(first, number=0), *rest))


LEFT = frozenset({"t5", "t6", "t7", "t8"})
BROKEN = [
    (leased_and_waiting, r"a trial is in two places \(t2\)"),
    (lambda state: of_pile(state, cursor=3), r"as if it never was \(t3, t4\)"),
    (lambda state: replace(state, total=10), r"1 done and 8 left are not 10"),
    (lambda state: of_backlog(state, stuck=frozenset({"t1"})), r"two places \(t1\)"),
    (
        lambda state: replace(state, tally=replace(state.tally, echoes=1)),
        r"more trials failed as others did than failed",
    ),
    (
        lambda state: of_worker(state, state=WorkerState.IDLE),
        r"a worker that is idle holds a lease \(t1,",
    ),
    (of_two_groups, r"a lease holds trials of two groups \(t1, t2, t3, t4\)"),
    (probe_in_company, r"a probe is not alone in its lease"),
    (probe_in_company, r"of a text that is known to be good is a probe"),
    (leased_under_an_old_number, r"an attempt's number was used before"),
    (waits_in_disorder, r"not in the order of ordinals \(t3, t1\)"),
    (waits_as_its_first, r"an attempt waits as if it were a trial's first \(t1\)"),
    (waits_though_unwanted, r"a cancelled trial waits \(t1\)"),
    (stuck_though_unwanted, r"a cancelled trial is stuck \(t1\)"),
    (lambda state: of_backlog(state, next_pile=0), r"piles are open that should not be: \[0\]"),
    (lambda state: of_backlog(state, open=(), next_pile=0), r"0 piles are open"),
    (lambda state: of_pile(state, cursor=9), r"the next trial of pile 0 is not there"),
    (
        lambda state: of_backlog(state, doubts=(Doubt("a", "bad"),)),
        r"are doubted that should not be",
    ),
    (
        lambda state: of_worker(state, state=WorkerState.IDLE, lease=()),
        r"workers \[0\] have nothing to do",
    ),
    (lambda state: replace(state, over=True), r"over while a worker is busy"),
    (
        lambda state: replace(of_worker(state, state=WorkerState.ABSENT), over=True),
        r"while work is left",
    ),
    (
        lambda state: of_backlog(state, known=(KnownText("a", False),)),
        r"though its text is bad",
    ),
    (lambda state: of_backlog(state, open=(), stuck=LEFT), r"a batch is kept of which"),
]


@pytest.mark.parametrize(("break_it", "said"), BROKEN)
def test_a_state_that_cannot_be_is_found_and_named(break_it, said):
    state = running()
    check(state)
    with pytest.raises(BrokenInvariantError, match=said):
        check(break_it(state))


@pytest.mark.parametrize("command", [lease(0, ("t5", 1)), EndSweep("enough")])
def test_commands_that_do_not_go_with_their_state_are_found(command):
    state = replace(running(), ending=Ending(EndKind.INTERRUPTED, "enough"))
    check(state)
    with pytest.raises(BrokenInvariantError, match=r"work is given while|ended and is not over"):
        check(state, [command])


def test_the_trials_that_a_contradiction_is_about_are_told_once_each():
    state = running()
    with pytest.raises(BrokenInvariantError, match=r"two places \(t2\); .* \(t2\)") as raised:
        check(of_backlog(state, waiting=(waiting(state, 2, number=1),)))
    assert raised.value.trials == ("t2",)


def test_a_probe_that_is_one_too_many_is_found():
    play = Play("a" * 12, workers=9)
    for worker in range(9):
        play.up(worker)
    probe = Attempt(play.state.backlog.batches[0].by_id["t8"], 1, Why.PROBE)
    last = replace(play.state.workers[8], state=WorkerState.BUSY, lease=(probe,))
    with pytest.raises(BrokenInvariantError, match=r"more than 8 trials of a text are tried"):
        check(replace(play.state, workers=(*play.state.workers[:8], last)))
