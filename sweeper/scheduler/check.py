"""What is true of every state, as code: for tests after each step, and to find a fault of ours.

Costs O(piles that are left), and of the rest as much as is active.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from sweeper.records import EndSweep, EndWorker, Extend, Lease, StartWorker
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import (
    MAX_OPEN,
    are_all_open,
    find_fresh,
    is_bad,
    is_fresh,
    is_there,
)
from sweeper.scheduler.held import may_go_on, stop_of
from sweeper.scheduler.leasing import is_startable
from sweeper.scheduler.probes import MAX_PROBES, count_probes
from sweeper.scheduler.state import WorkerState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from sweeper.records import Command
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.backlog import Backlog, Pile
    from sweeper.scheduler.state import State, Worker

    # A sentence, and the trials that it is about.
    Broken: TypeAlias = tuple[str, tuple[str, ...]]


class BrokenInvariantError(RuntimeError):
    """The scheduler contradicts itself: a fault of its own. trials: that it is about."""

    def __init__(self, broken: Iterable[Broken]) -> None:
        found = list(broken)
        said = (f"{what} ({', '.join(trials)})" if trials else what for what, trials in found)
        super().__init__("the scheduler contradicts itself: " + "; ".join(said))
        self.trials = tuple(dict.fromkeys(trial for _, trials in found for trial in trials))


def check(state: State, commands: Iterable[Command] = ()) -> None:
    """Raise BrokenInvariantError where a state, or what was said with it, can't be.

    commands: of the step that led to it.
    """
    broken = [
        *_one_place(state),
        *_counts(state),
        *(each for worker in state.workers for each in _lease(worker)),
        *_probes(state),
        *_waiting(state.backlog),
        *_piles(state.backlog),
        *_idle(state),
        *_end(state, commands),
    ]
    if broken:
        raise BrokenInvariantError(broken)


def _one_place(state: State) -> Iterator[Broken]:
    """A trial is with one worker, or waits, or is stuck, or was never leased."""
    backlog = state.backlog
    leased = [one.trial for worker in state.workers for one in (*worker.lease, *worker.held)]
    active = [*leased, *(one.trial for one in (*backlog.waiting, *state.parked))]
    seen = Counter(trial.id for trial in active)
    twice = tuple(trial for trial, n in seen.items() if n > 1 or trial in backlog.stuck)
    if twice:
        yield "a trial is in two places", twice
    fresh = tuple(trial.id for trial in active if is_fresh(backlog, trial))
    if fresh:
        yield "a trial that was leased may be leased as if it never was", fresh


def _counts(state: State) -> Iterator[Broken]:
    """No trial is lost, and none is counted twice."""
    backlog = state.backlog
    leased = sum(len(worker.lease) + len(worker.held) for worker in state.workers)
    placed = (
        leased
        + len(state.parked)
        + len(backlog.waiting)
        + len(backlog.stuck)
        + _number_fresh(backlog)
    )
    if state.tally.done + placed != state.total:
        yield f"{state.tally.done} done and {placed} left are not {state.total}", ()
    if state.tally.echoes > state.tally.failed:
        yield "more trials failed as others did than failed at all", ()


def _number_fresh(backlog: Backlog) -> int:
    """How many trials were never leased, and still may be."""
    unopened = sum(
        len(pile)
        for batch in backlog.batches
        for pile in batch.piles[max(0, backlog.next_pile - batch.first) :]
    )
    opened = sum(len(one.trials) - one.cursor - _ahead(one) for one in backlog.open)
    unwanted = sum(find_fresh(backlog, trial) is not None for trial in backlog.unwanted)
    return unopened + opened - unwanted


def _ahead(pile: Pile) -> int:
    return sum(rank >= pile.cursor for rank in pile.ahead)


def _lease(worker: Worker) -> Iterator[Broken]:
    lease, trials = worker.lease, _ids(worker.lease)
    if lease and worker.state is not WorkerState.BUSY:
        yield f"a worker that is {worker.state.value} holds a lease", trials
    fresh = {(one.trial.pile, one.trial.group) for one in lease if not one.rung}
    if len(fresh) > 1:
        yield "a lease holds trials of two groups", trials
    if worker.held and worker.state not in (WorkerState.IDLE, WorkerState.BUSY):
        yield f"a worker that is {worker.state.value} holds attempts at rungs", _ids(worker.held)
    wrong = [one for one in worker.held if not one.rung or one.began is None]
    if wrong:
        yield "an attempt is held that came to no rung", _ids(wrong)
    fresh_ones = [one for one in lease if not one.rung]
    if len(fresh_ones) > 1 and any(one.why is Why.PROBE for one in lease):
        yield "a probe is not alone in its lease", trials
    if any(one.is_blamed and not one.overdue for one in lease):
        yield "an attempt is blamed for a limit that it has not passed", trials
    if any(one.number < one.trial.number for one in lease):
        yield "an attempt's number was used before", trials


def _probes(state: State) -> Iterator[Broken]:
    probing = count_probes(worker.lease for worker in state.workers)
    if any(number > MAX_PROBES for number in probing.values()):
        yield f"more than {MAX_PROBES} trials of a text are tried before it is known to be good", ()
    if any(pile.proved and probing[pile.text] for pile in state.backlog.open):
        yield "a trial of a text that is known to be good is a probe", ()


def _waiting(backlog: Backlog) -> Iterator[Broken]:
    waiting = backlog.waiting
    if any(one.trial.ordinal >= other.trial.ordinal for one, other in pairwise(waiting)):
        yield "what waits is not in the order of ordinals", _ids(waiting)
    wrong = [
        one
        for one in waiting
        if one.is_first
        or one.began is not None
        or one.overdue
        or one.why in (Why.TURN, Why.WAS_PROBE)
    ]
    if wrong:
        yield "an attempt waits as if it were a trial's first", _ids(wrong)
    unwanted = [one for one in waiting if one.trial.id in backlog.unwanted]
    if unwanted:
        yield "a cancelled trial waits", _ids(unwanted)
    if backlog.stuck & backlog.unwanted:
        yield "a cancelled trial is stuck", (*sorted(backlog.stuck & backlog.unwanted),)


def _piles(backlog: Backlog) -> Iterator[Broken]:
    numbers = [pile.number for pile in backlog.open]
    if sorted(set(numbers)) != numbers or any(one >= backlog.next_pile for one in numbers):
        yield f"piles are open that should not be: {numbers}", ()
    if len(numbers) > MAX_OPEN or (len(numbers) < MAX_OPEN and not are_all_open(backlog)):
        yield f"{len(numbers)} piles are open", ()
    for pile in backlog.open:
        if pile.cursor >= len(pile.trials) or not is_there(backlog, pile, pile.next):
            yield f"the next trial of pile {pile.number} is not there", ()
        if is_bad(backlog, pile.text):
            yield f"pile {pile.number} is open though its text is bad", ()
    doubted = [doubt.text for doubt in backlog.doubts]
    proved = {pile.text for pile in backlog.open if pile.proved}
    if len(set(doubted)) < len(doubted) or proved.intersection(doubted):
        yield f"texts are doubted that should not be: {doubted}", ()
    if any(batch.end <= min([*numbers, backlog.next_pile]) for batch in backlog.batches):
        yield "a batch is kept of which nothing is left", ()


def _idle(state: State) -> Iterator[Broken]:
    """Who may work does, while there is something to do."""
    if state.ending is not None or state.over:
        return
    may_work = [
        number
        for number, worker in enumerate(state.workers)
        if worker.state is WorkerState.IDLE
        or (worker.state is WorkerState.ABSENT and not worker.is_given_up)
    ]
    probing = count_probes(worker.lease for worker in state.workers)
    if may_work and is_startable(state.backlog, probing):
        # One that holds many waits for others at its rungs, if there are such.
        idle = [one for one in may_work if not state.workers[one].held or not _is_busy(state)]
        if idle:
            yield f"workers {idle} have nothing to do while work waits", ()
    for number in may_work:
        held = state.workers[number].held
        due = [one for one in held if may_go_on(state, one) or stop_of(state, one)]
        if due:
            yield f"worker {number} has nothing to do while attempts may go on", _ids(due)


def _is_busy(state: State) -> bool:
    return any(one.state is WorkerState.BUSY for one in state.workers)


def _end(state: State, commands: Iterable[Command]) -> Iterator[Broken]:
    given = tuple(commands)
    work = [c for c in given if isinstance(c, Lease | Extend | StartWorker)]
    if state.ending is not None and not all(_is_last_word(state, c) for c in work):
        yield "work is given while the sweep ends", ()
    if state.over and (state.parked or any(worker.held for worker in state.workers)):
        yield "the sweep is over while attempts wait at rungs", ()
    ended = [command.worker for command in given if isinstance(command, EndWorker)]
    if any(
        state.workers[one].state not in (WorkerState.ABSENT, WorkerState.STARTING) for one in ended
    ):
        yield f"workers {ended} were ended and are not gone", ()
    if any(isinstance(command, EndSweep) for command in given) and not state.over:
        yield "the sweep was ended and is not over", ()
    if not state.over:
        return
    if any(worker.state is WorkerState.BUSY for worker in state.workers):
        yield "the sweep is over while a worker is busy", ()
    if state.ending is None and (state.may_grow or not state.backlog.is_empty):
        yield "the sweep is over while work is left, or may come", ()


def _is_last_word(state: State, command: Command) -> bool:
    """Whether a lease is of what waited at rungs, and is to save itself."""
    rungs = {one.trial.id for worker in state.workers for one in worker.lease if one.rung}
    return isinstance(command, Lease) and all(one.trial in rungs for one in command.attempts)


def _ids(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    return tuple(one.trial.id for one in attempts)
