"""A sweep that a test tells its events, one by one."""

from __future__ import annotations

from sweeper.records import (
    AttemptState,
    Began,
    Built,
    Device,
    Ended,
    Extend,
    Lease,
    LeasedTrial,
    LeaseOver,
    NewTrial,
    Proposed,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import Policy, Tally, begin, check, step

HERE = Device(host="here", pid=7)


class Play:
    """A sweep whose events the test tells; `said` is what the last one brought."""

    def __init__(self, texts="aaaa", workers=1, *, before=None, is_last=True, **rules):
        self.policy = Policy(**rules)
        self.clock = 0.0
        self.state = begin(workers, before or Tally(), in_batches=not is_last)
        self.trials = []
        self.propose(texts, is_last=is_last)

    def propose(self, texts, *, is_last=False, number=1, groups=None):
        """Trials of these texts come, in the order of their ordinals."""
        first = len(self.trials)
        new = [
            NewTrial(f"t{first + i}", first + i, text, number, *(groups[i] if groups else (text,)))
            for i, text in enumerate(texts)
        ]
        self.trials += new
        return self.tell(Proposed(tuple(new), is_last, self.clock))

    def take(self, state, commands, changes):
        check(state, commands)
        self.state, self.commands, self.changes = state, commands, changes
        return commands

    def tell(self, event):
        return self.take(*step(self.policy, self.state, event))

    def up(self, worker=0):
        return self.tell(WorkerUp(worker, HERE, self.clock))

    def down(self, worker=0, *, charged=True):
        return self.tell(WorkerDown(worker, "killed by signal 9", charged, self.clock))

    def began(self, trial, number=1, worker=0):
        return self.tell(Began(worker, trial, number, self.clock))

    def built(self, trial, number=1, worker=0, slots=1):
        return self.tell(Built(worker, trial, number, self.clock, slots))

    def ended(self, trial, number=1, worker=0, outcome=AttemptState.FINISHED, **facts):
        return self.tell(Ended(worker, trial, number, outcome, self.clock, **facts))

    def over(self, worker=0):
        return self.tell(LeaseOver(worker, self.clock))

    def whole(self, trial, number=1, worker=0, seconds=0.0, **facts):
        """Begin, build and end one attempt, and say nothing of its lease."""
        self.began(trial, number, worker)
        self.built(trial, number, worker)
        self.clock += seconds
        return self.ended(trial, number, worker, **facts)


def lease(worker, *attempts):
    return Lease(worker, tuple(LeasedTrial(trial, number) for trial, number in attempts))


def extend(worker, *trials):
    return Extend(worker, tuple(LeasedTrial(trial, 1) for trial in trials))


def proved(texts="aaaa", workers=1, **rules):
    """A play in which the first trial of the text is done and the rest is leased."""
    play = Play(texts, workers, **rules)
    play.up()
    play.whole("t0")
    play.over()
    return play
