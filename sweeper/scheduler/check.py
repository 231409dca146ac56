"""What is true of every state, as code: for tests after each step, and to find a fault of ours.

Costs O(texts that are left), and of the rest as much as is active.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from sweeper.records import EndSweep, Extend, Lease, StartWorker
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import MAX_OPEN, find_open, is_fresh, is_there
from sweeper.scheduler.leasing import is_startable
from sweeper.scheduler.probes import MAX_PROBES, count_probes
from sweeper.scheduler.state import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from sweeper.records import Command
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.backlog import Backlog, OpenText
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
        *_texts(state.backlog),
        *_idle(state),
        *_end(state, commands),
    ]
    if broken:
        raise BrokenInvariantError(broken)


def _one_place(state: State) -> Iterator[Broken]:
    """A trial is with one worker, or waits, or is stuck, or was never leased."""
    backlog = state.backlog
    leased = [one.trial for worker in state.workers for one in worker.lease]
    active = [*leased, *(one.trial for one in backlog.waiting)]
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
    leased = sum(len(worker.lease) for worker in state.workers)
    placed = leased + len(backlog.waiting) + len(backlog.stuck) + _number_fresh(backlog)
    if state.tally.done + placed != state.total:
        yield f"{state.tally.done} done and {placed} left are not {state.total}", ()
    if state.tally.echoes > state.tally.failed:
        yield "more trials failed as others did than failed at all", ()


def _number_fresh(backlog: Backlog) -> int:
    """How many trials were never leased, and still may be."""
    unopened = sum(map(len, backlog.plan.texts[backlog.next_text :]))
    opened = sum(len(one.trials) - one.cursor - _ahead(one) for one in backlog.open)
    unwanted = (backlog.plan.by_id[trial] for trial in backlog.unwanted)
    return unopened + opened - sum(is_fresh(backlog, trial) for trial in unwanted)


def _ahead(opened: OpenText) -> int:
    return sum(rank >= opened.cursor for rank in opened.ahead)


def _lease(worker: Worker) -> Iterator[Broken]:
    lease, trials = worker.lease, _ids(worker.lease)
    if lease and worker.slot is not Slot.BUSY:
        yield f"a worker that is {worker.slot.value} holds a lease", trials
    if len({(one.trial.text, one.trial.group) for one in lease}) > 1:
        yield "a lease holds trials of two groups", trials
    if len(lease) > 1 and any(one.why is Why.PROBE for one in lease):
        yield "a probe is not alone in its lease", trials
    if any(one.number < one.trial.number for one in lease):
        yield "an attempt's number was used before", trials


def _probes(state: State) -> Iterator[Broken]:
    probing = count_probes(worker.lease for worker in state.workers)
    if any(number > MAX_PROBES for number in probing.values()):
        yield f"more than {MAX_PROBES} trials of a text are tried before it is known to be good", ()
    for text in probing:
        at = find_open(state.backlog, text)
        if at is not None and state.backlog.open[at].proved:
            yield "a trial of a text that is known to be good is a probe", ()


def _waiting(backlog: Backlog) -> Iterator[Broken]:
    waiting = backlog.waiting
    if any(one.trial.place >= other.trial.place for one, other in pairwise(waiting)):
        yield "what waits is not in the order of ordinals", _ids(waiting)
    wrong = [
        one
        for one in waiting
        if one.is_first or one.began is not None or one.why in (Why.TURN, Why.WAS_PROBE)
    ]
    if wrong:
        yield "an attempt waits as if it were a trial's first", _ids(wrong)
    unwanted = [one for one in waiting if one.trial.id in backlog.unwanted]
    if unwanted:
        yield "a cancelled trial waits", _ids(unwanted)
    if backlog.stuck & backlog.unwanted:
        yield "a cancelled trial is stuck", (*sorted(backlog.stuck & backlog.unwanted),)


def _texts(backlog: Backlog) -> Iterator[Broken]:
    texts = [opened.text for opened in backlog.open]
    if sorted(set(texts)) != texts or any(text >= backlog.next_text for text in texts):
        yield f"texts are open that should not be: {texts}", ()
    is_all_opened = backlog.next_text == len(backlog.plan.texts)
    if len(texts) > MAX_OPEN or (len(texts) < MAX_OPEN and not is_all_opened):
        yield f"{len(texts)} texts are open", ()
    for opened in backlog.open:
        if opened.cursor >= len(opened.trials) or not is_there(backlog, opened, opened.next):
            yield f"the next trial of text {opened.text} is not there", ()
    doubted = [doubt.text for doubt in backlog.doubts]
    proved = {opened.text for opened in backlog.open if opened.proved}
    if len(set(doubted)) < len(doubted) or proved.intersection(doubted):
        yield f"texts are doubted that should not be: {doubted}", ()


def _idle(state: State) -> Iterator[Broken]:
    """Who may work does, while there is something to do."""
    if state.ending is not None or state.over:
        return
    may_work = [
        number
        for number, worker in enumerate(state.workers)
        if worker.slot is Slot.IDLE or (worker.slot is Slot.ABSENT and not worker.is_given_up)
    ]
    probing = count_probes(worker.lease for worker in state.workers)
    if may_work and is_startable(state.backlog, probing):
        yield f"workers {may_work} have nothing to do while work waits", ()


def _end(state: State, commands: Iterable[Command]) -> Iterator[Broken]:
    given = tuple(commands)
    if state.ending is not None and any(isinstance(c, Lease | Extend | StartWorker) for c in given):
        yield "work is given while the sweep ends", ()
    if any(isinstance(command, EndSweep) for command in given) and not state.over:
        yield "the sweep was ended and is not over", ()
    if not state.over:
        return
    if any(worker.slot is Slot.BUSY for worker in state.workers):
        yield "the sweep is over while a worker is busy", ()
    if state.ending is None and not state.backlog.is_empty:
        yield "the sweep is over while work is left", ()


def _ids(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    return tuple(one.trial.id for one in attempts)
