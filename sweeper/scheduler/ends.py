"""What the end of an attempt means: its trial is tried again or fails, its text, the sweep ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import (
    AttemptEnded,
    AttemptState,
    Ending,
    EndKind,
    InterruptWorker,
    Lease,
    TrialState,
    replace,
)
from sweeper.scheduler import reasons
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import cleared, find_doubt, prove, put_back, refute
from sweeper.scheduler.held import leased
from sweeper.scheduler.policy import too_many_failures
from sweeper.scheduler.probes import count_probes, is_hopeless, judge
from sweeper.scheduler.state import WorkerState, set_worker

if TYPE_CHECKING:
    from sweeper.records import Stop
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State, Worker


def try_again(
    state: State, attempt: Attempt, out: Output, *, charges: int = 0, was_heard: bool = False
) -> State:
    """Let a trial wait for its next attempt; not one that was cancelled.

    charges: losses laid to the trial now.    was_heard: it is no filler any more, whatever it was.
    """
    trial = attempt.trial
    if trial.id in state.backlog.unwanted:
        out.changed(trial.id, TrialState.CANCELLED)
        tally = replace(state.tally, cancelled=state.tally.cancelled + 1)
        return judge_text(replace(state, tally=tally), trial.text)
    out.changed(trial.id, TrialState.PENDING)
    stays = attempt.why is Why.PROBE or (attempt.why is Why.FILLER and not was_heard)
    again = replace(
        attempt,
        # A new number also for one that did not begin: a `Began` may be on its way, and its folder
        # be there.
        number=attempt.number + 1,
        why=attempt.why if stays else Why.AGAIN,
        charges=attempt.charges + charges,
        began=None,
        rung=0,
        overdue="",
        is_blamed=False,
    )
    return judge_text(replace(state, backlog=put_back(state.backlog, again)), trial.text)


def stop_here(state: State, attempt: Attempt, stop: Stop, out: Output) -> State:
    """A trial ends by a rule that its worker could not tell it any more."""
    over = AttemptEnded(
        attempt.trial.id,
        attempt.number,
        AttemptState.STOPPED,
        out.time,
        message=stop.message,
        info={"stopped_by": stop.rule},
    )
    out.changes.append(over)
    out.changed(attempt.trial.id, TrialState.STOPPED)
    return replace(state, tally=replace(state.tally, finished=state.tally.finished + 1))


def fail(policy: Policy, state: State, attempt: Attempt, message: str, out: Output) -> State:
    """A trial has failed; so many may have that the sweep ends."""
    out.changed(attempt.trial.id, TrialState.FAILED)
    tally = replace(state.tally, failed=state.tally.failed + 1)
    state = judge_text(replace(state, tally=tally), attempt.trial.text)
    others = (one for worker in state.workers for one in worker.lease if one is not attempt)
    hopeless = is_hopeless(state.backlog, attempt, others)
    counted = tally.failed if hopeless else tally.failed - tally.echoes
    if not too_many_failures(policy, finished=tally.finished, failed=counted):
        return state
    ended = tally.finished + tally.failed
    reason = reasons.many_failed(tally.failed, ended, message)
    kind = EndKind.INPUT if hopeless else EndKind.FAILURES
    return end_early(state, kind, reason, out)


def end_early(state: State, kind: EndKind, reason: str, out: Output) -> State:
    """Give no more leases and interrupt what runs; the first reason stays."""
    if state.ending is not None:
        return state
    for number, worker in enumerate(state.workers):
        if worker.held:  # what waits is to save itself too
            if worker.state is WorkerState.IDLE:
                out.commands.append(Lease(number, leased(state, worker.held, out)))
            lease = (*worker.lease, *worker.held)
            busy = replace(worker, state=WorkerState.BUSY, lease=lease, held=())
            state = set_worker(state, number, busy)
        if state.workers[number].state is WorkerState.BUSY:
            out.commands.append(InterruptWorker(number))
    parked, state = state.parked, replace(state, ending=Ending(kind, reason), parked=())
    for one in parked:
        out.ended(one, AttemptState.INTERRUPTED, reason)
        state = try_again(state, one, out)
    return state


# ------------------------------------------------------------------ texts
def prove_text(state: State, text: str, slots: int | None = None) -> State:
    """A trial of this text was built: none of its attempts is a probe any more.

    slots: how many trials of the text a worker runs side by side, None if it is not known.
    """

    def without(worker: Worker) -> Worker:
        if not worker.lease or worker.lease[0].why is not Why.PROBE:
            return worker
        return replace(worker, lease=tuple(cleared(one, text) for one in worker.lease))

    return replace(
        state,
        workers=tuple(map(without, state.workers)),
        backlog=prove(state.backlog, text, slots),
    )


def refute_text(state: State, text: str, message: str) -> State:
    """A probe could not be built, for what the user wrote, and is with its worker no more."""
    if find_doubt(state.backlog, text) is not None:
        state = replace(state, tally=replace(state.tally, echoes=state.tally.echoes + 1))
    return judge_text(replace(state, backlog=refute(state.backlog, text, message)), text)


def judge_text(state: State, text: str) -> State:
    """Take a text for bad if it is doubted and nothing is left that could end the doubt."""
    if find_doubt(state.backlog, text) is None:
        return state
    probing = count_probes(worker.lease for worker in state.workers)
    return replace(state, backlog=judge(state.backlog, text, probing[text]))
