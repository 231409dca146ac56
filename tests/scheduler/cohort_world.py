"""The world of `world.py` with trials that are compared at rungs, and a straight loop beside it."""

from __future__ import annotations

import math
from collections import deque
from fractions import Fraction

from world import World

from sweeper.records import (
    AtRung,
    AttemptState,
    Ended,
    Extend,
    Halving,
    Lease,
    Mate,
    Proposed,
    TrialState,
    replace,
)
from sweeper.scheduler import Policy


def policy(rungs, keep, **rest):
    """No trial fails because its worker died: so every order has the same failures."""
    rule = Halving("x", "min", tuple(rungs), Fraction(keep))
    return Policy(retries=10**6, max_failures=10**6, across=(rule,), **rest)


def straight(trials, block, rungs, keep):
    """{trial: the rung at which it is stopped}: halving, one cohort and rung after the other.

    trials: (name, curve) by ordinal; a curve has the value of each epoch, and None where it fails.
    """
    stopped = {}
    for first in range(0, len(trials), block):
        alive = trials[first : first + block]
        for rung in rungs:
            here = [one for one in alive if has(one[1], rung)]
            here.sort(
                key=lambda one: math.inf if math.isnan(one[1][rung - 1]) else one[1][rung - 1]
            )
            good = [one for one in here if not math.isnan(one[1][rung - 1])]
            kept = good[: max(1, math.floor(len(alive) * Fraction(keep)))]
            stopped.update({name: rung for name, _ in here if name not in dict(kept)})
            alive = [one for one in alive if one[0] in dict(kept)]  # by ordinal: it breaks ties
    return stopped


def has(curve, rung):
    return len(curve) >= rung and None not in curve[:rung]


class CohortWorld(World):
    """Workers that hold attempts at rungs. curves: of each trial, see `straight`.

    seen: what earlier drivers' stores know, (values, state) of trials; those that are over are not
    proposed again.
    """

    def __init__(self, seed, texts, workers, rules, odds, *, curves, block, seen=None):
        self.curves = {f"t{i}": curve for i, curve in enumerate(curves)}
        self.block = block
        self.seen = seen or {}
        self.at_rung = {}  # (worker, trial, number) to its rung
        self.values = {}
        self.stopped_at = {}
        (self.rule,) = rules.across
        super().__init__(seed, texts, workers, rules, odds)

    # ------------------------------------------------------------- what is proposed
    def divide(self):
        batches, made = super().divide(), deque()
        for batch in batches:
            first = batch[0].ordinal if batch else 0
            cohorts = [first + (one.ordinal - first) // self.block * self.block for one in batch]
            found = zip(batch, cohorts, strict=True)
            made.append([replace(one, cohort=cohort) for one, cohort in found])
        return made

    def propose(self):
        batch = self.batches.popleft()
        mates = tuple(
            Mate(one.id, one.ordinal, one.cohort, values, past, state.is_final)
            for one in batch
            for values, past, state in [self.seen.get(one.id, ((), 0, TrialState.PENDING))]
        )
        left = [one for one, mate in zip(batch, mates, strict=True) if not mate.over]
        for mate in mates:
            self.values[mate.trial] = mate.values
            if mate.over:
                self.trial_state[mate.trial] = self.seen[mate.trial][2]
        self.proposed += [one.id for one in left]
        self.tell(Proposed(tuple(left), not self.batches, self.clock, mates if self.seen else ()))

    # ------------------------------------------------------------- leases
    def obey(self, command):
        if not isinstance(command, Lease | Extend):
            super().obey(command)
            return
        worker = command.worker
        waits = [one for one in command.attempts if self.rung_of(worker, one) is not None]
        fresh = tuple(one for one in command.attempts if one not in waits)
        for one in waits:
            assert one.stop or self.draining or one.past >= self.rung_of(worker, one)
        process = self.processes[worker]
        if isinstance(command, Lease):
            assert not process.lease
            if fresh:
                super().obey(replace(command, attempts=fresh))
            process.lease = [*process.lease, *waits]
        else:
            left = (*process.lease[process.at :], *process.coming, *fresh)
            others = [one for one in left if one.stop is None]
            assert len({self.text[one.trial] for one in others}) <= 1
            assert not fresh or len(others) <= self.odds.slots
            assert {self.text[one.trial] for one in fresh} <= self.proved
            self.give(fresh)
            process.coming.extend(command.attempts)

    def rung_of(self, worker, one):
        return self.at_rung.get((worker, one.trial, one.number))

    def check(self):
        workers = self.state.workers
        leased = [one.trial.id for worker in workers for one in (*worker.lease, *worker.held)]
        leased += [one.trial.id for one in self.state.parked]
        running = [t for t, s in self.trial_state.items() if s.value in ("leased", "running")]
        assert sorted(running) == sorted(leased)

    def kill(self, worker, *, charged):
        self.at_rung = {key: rung for key, rung in self.at_rung.items() if key[0] != worker}
        super().kill(worker, charged=charged)

    # ------------------------------------------------------------- what workers do
    def work(self, worker, process):
        if process.lease and process.at == len(process.lease):
            if self.roll(0.5):
                process.lease = process.lease + process.coming
            process.coming = []  # what comes now comes too late
        is_over = process.lease and process.at == len(process.lease)
        if is_over and process.interrupted and self.end_one_that_waits(worker):
            return
        one = process.lease[process.at] if process.lease[process.at :] else None
        if one is None or self.rung_of(worker, one) is None:
            super().work(worker, process)
            return
        key = {"worker": worker, "trial": one.trial, "attempt": one.number, "time": self.clock}
        if one.stop is not None:
            process.at += 1
            self.at_rung.pop((worker, one.trial, one.number))
            facts = {"message": one.stop.message, "info": {"stopped_by": one.stop.rule}}
            self.tell(Ended(outcome=AttemptState.STOPPED, **facts, **key))
        elif process.interrupted or one.trial in process.unwanted:
            process.at += 1
            self.at_rung.pop((worker, one.trial, one.number))
            self.tell(Ended(outcome=AttemptState.INTERRUPTED, **key))
        else:
            self.end(worker, process, one, key)

    def end_one_that_waits(self, worker):
        """An interrupted worker lets what waits there end, as a rule."""
        mine = [key for key in self.at_rung if key[0] == worker]
        if not mine or self.roll(0.1):
            return False
        _, trial, number = mine[0]
        del self.at_rung[mine[0]]
        how = AttemptState.INTERRUPTED
        self.tell(Ended(worker, trial, number, outcome=how, time=self.clock))
        return True

    def end(self, worker, process, one, key):
        """A trial goes on to its next rung, or to its end."""
        if one.trial in self.killers:
            super().end(worker, process, one, key)
            return
        curve = self.curves[one.trial]
        past = max(one.past, self.at_rung.pop((worker, one.trial, one.number), 0))
        rung = next((rung for rung in self.rule.rungs if rung > past), len(curve) + 1)
        process.at, process.told = process.at + 1, ""
        if has(curve, rung):
            values = tuple((at, curve[at - 1]) for at in self.rule.rungs if at <= rung)
            self.values[one.trial] = values
            self.at_rung[worker, one.trial, one.number] = rung
            self.tell(AtRung(worker, one.trial, one.number, values, self.clock))
        elif None in curve:
            self.tell(Ended(outcome=AttemptState.FAILED, kind="error", message="oops", **key))
        else:
            self.tell(Ended(outcome=AttemptState.FINISHED, **key))

    def keep(self, change):
        super().keep(change)
        if getattr(change, "state", None) is TrialState.STOPPED:
            self.stopped_at[change.trial] = self.values[change.trial][-1][0]


__all__ = ["CohortWorld", "policy", "straight"]
