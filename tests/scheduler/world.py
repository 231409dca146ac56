"""A world without Ray: workers that die, errors, events out of order, all from one seed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Began,
    Built,
    Cancel,
    Device,
    Drain,
    Ended,
    EndSweep,
    EndWorker,
    Extend,
    InterruptTrial,
    InterruptWorker,
    Lease,
    LeaseOver,
    NewTrial,
    Overdue,
    Proposed,
    Runaway,
    StartWorker,
    TrialChanged,
    TrialState,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import begin, check, step
from sweeper.scheduler.probes import MAX_PROBES, PROOFS


@dataclass
class Odds:
    """Probability of each misfortune, a turn or a trial."""

    die: float = 0.0
    preempt: float = 0.0
    error: float = 0.0
    killer: float = 0.0  # a trial that takes its worker down whenever it runs
    hang: float = 0.0  # a trial that never comes to an end, whatever it is asked
    slow: float = 0.0  # that a trial passes a limit, a turn
    bad_text: float = 0.0
    stale: float = 0.0
    drain: float = 0.0
    cancel: float = 0.0
    report: float = 0.7  # that an event reaches the driver before its worker dies
    slots: int = 1  # of a worker, for trials of one text
    later: float = 0.0  # that a batch ends behind a trial


@dataclass
class Process:
    """A worker process: what it was given, and what it has not told yet."""

    lease: list = field(default_factory=list)
    at: int = 0
    told: str = ""  # "", "began" or "built" of the attempt it is at
    interrupted: bool = False
    unwanted: set = field(default_factory=set)  # trials that it was asked to end
    coming: list = field(default_factory=list)  # added to its lease, and not there yet


class World:
    """Workers that do what they are told at random times; keeps books like a store."""

    def __init__(self, seed, texts, workers, rules, odds):
        self.random = random.Random(seed)
        self.odds = odds
        self.text = {f"t{i}": f"text{text}" for i, text in enumerate(texts)}
        self.bad = {text for text in set(self.text.values()) if self.roll(odds.bad_text)}
        self.killers = {trial for trial in self.text if self.roll(odds.killer)}
        self.hangers = {trial for trial in self.text if self.roll(odds.hang)} - self.killers
        self.late: set[str] = set()  # trials that ever passed a limit
        self.policy = rules
        self.batches = self.divide()
        self.proposed: list[str] = []
        self.processes: dict[int, Process | None] = dict.fromkeys(range(workers))
        self.starting: set[int] = set()
        self.trial_state = dict.fromkeys(self.text, TrialState.PENDING)
        self.attempts: dict[str, dict[int, AttemptState]] = defaultdict(dict)
        self.leased: dict[str, int] = defaultdict(int)  # the newest number
        self.began_in_text: Counter[str] = Counter()
        self.proved: set[str] = set()
        self.refuted: Counter[str] = Counter()  # trials that could not be built
        self.past: list = []
        self.clock = 0.0
        self.ended: EndSweep | None = None
        self.draining = False
        self.unwanted: set[str] = set()  # trials that were cancelled before their end
        self.in_batches = len(self.batches) > 1
        self.state = begin(workers, in_batches=self.in_batches)
        check(self.state)
        self.propose()

    def roll(self, probability):
        return self.random.random() < probability

    def divide(self):
        """The trials in batches, of which all but the first come later."""
        batches = [[]]
        for ordinal, (trial, text) in enumerate(self.text.items()):
            batches[-1].append(NewTrial(trial, ordinal, text, 1, text))
            if self.roll(self.odds.later):
                batches.append([])
        return deque(batches)

    def propose(self):
        batch = self.batches.popleft()
        self.proposed += [trial.id for trial in batch]
        self.tell(Proposed(tuple(batch), not self.batches, self.clock))

    def tell(self, event):
        self.past.append(event)
        self.take(*step(self.policy, self.state, event))

    def take(self, state, commands, changes):
        assert self.ended is None or (not commands and not changes), "something after the end"
        self.state = state
        check(state, commands)
        for change in changes:
            self.keep(change)
        for command in commands:
            self.obey(command)
        self.check()

    def keep(self, change):
        if isinstance(change, AttemptStarted):
            started = self.attempts[change.trial]
            assert change.number == self.leased[change.trial], "what was leased last is started"
            assert change.number not in started
            assert all(one.is_over for one in started.values()), "one attempt of a trial at a time"
            started[change.number] = AttemptState.RUNNING
        elif isinstance(change, AttemptEnded):
            assert change.state.is_over
            assert self.attempts[change.trial][change.number] is AttemptState.RUNNING
            self.attempts[change.trial][change.number] = change.state
        elif isinstance(change, TrialChanged):
            assert not self.trial_state[change.trial].is_final, "a final state is final"
            assert (change.state is TrialState.CANCELLED) <= (change.trial in self.unwanted)
            if change.trial in self.unwanted:
                waits = (TrialState.PENDING, TrialState.LEASED)
                assert change.state not in waits, "a cancelled trial is not tried again"
            self.trial_state[change.trial] = change.state

    def obey(self, command):
        match command:
            case StartWorker(worker):
                assert self.processes[worker] is None
                assert worker not in self.starting
                self.starting.add(worker)
            case Lease(worker, attempts):
                process = self.processes[worker]
                assert process is not None, "a lease goes to a live worker"
                assert not process.lease, "a lease goes to an idle worker"
                assert len({self.text[one.trial] for one in attempts}) == 1
                assert 1 <= len(attempts) < self.policy.max_lease + self.odds.slots
                self.give(attempts)
                process.lease = list(attempts)
                self.check_probe(process)
            case Extend(worker, attempts):
                process = self.processes[worker]
                assert process is not None
                left = process.lease[process.at :]
                assert 1 <= len(attempts) <= self.odds.slots - len(left)
                assert {self.text[one.trial] for one in (*left, *attempts)} <= self.proved
                assert len({self.text[one.trial] for one in (*left, *attempts)}) == 1
                self.give(attempts)
                process.coming.extend(attempts)
            case InterruptWorker(worker):
                process = self.processes[worker]
                assert process is not None
                process.interrupted = True
            case InterruptTrial(worker, trial):
                process = self.processes[worker]
                assert process is not None
                left = (*process.lease[process.at :], *process.coming)
                assert trial in {one.trial for one in left}
                assert trial not in process.unwanted, "a trial is interrupted once"
                process.unwanted.add(trial)
            case EndWorker(worker):
                assert self.processes[worker] is not None, "a live worker is ended"
                self.processes[worker] = None
            case EndSweep():
                assert self.ended is None
                self.ended = command

    def give(self, attempts):
        for one in attempts:
            assert one.number > self.leased[one.trial], "no number is used again"
            self.leased[one.trial] = one.number

    def check_probe(self, process):
        """A lease of a text that is not known to be good holds one trial, and there are few."""
        text = self.text[process.lease[0].trial]
        if text in self.proved:
            return
        assert len(process.lease) == 1, "the first of a text are tried alone"
        assert self.probing(text) <= MAX_PROBES
        is_enough = self.refuted[text] >= MAX_PROBES + PROOFS and not self.in_batches
        assert not is_enough, "enough of it could not be built"

    def probing(self, text):
        """How many workers are at a trial of this text."""
        at = (p.lease[p.at].trial for p in self.processes.values() if p and p.lease[p.at :])
        return sum(self.text[trial] == text for trial in at)

    def check(self):
        workers = self.state.workers
        assert len(workers) == len(self.processes), "slots are conserved"
        leased = [one.trial.id for worker in workers for one in worker.lease]
        running = [t for t, s in self.trial_state.items() if s in RUNNING_STATES]
        assert sorted(running) == sorted(leased)

    # ------------------------------------------------------------- what happens
    def turn(self):
        self.clock += self.random.random() * 0.1
        if self.past and self.roll(self.odds.stale):
            self.tell_stale()
        if self.roll(self.odds.drain) and not self.draining and not self.ended:
            self.draining = True
            self.tell(Drain("enough", self.clock))
        if self.roll(self.odds.cancel) and not self.ended:
            self.cancel()
        choices = [*self.starting, *(w for w, p in self.processes.items() if p is not None)]
        if self.ended:
            return
        if self.batches and (not choices or self.roll(0.05)):
            self.propose()
            return
        if not choices:
            return
        worker = self.random.choice(choices)
        if self.roll(self.odds.die) or self.roll(self.odds.preempt):
            self.kill(worker, charged=not self.roll(self.odds.preempt))
        elif worker in self.starting:
            self.starting.discard(worker)
            self.processes[worker] = Process()
            self.tell(WorkerUp(worker, Device("here", self.random.randrange(9999)), self.clock))
        else:
            self.work(worker, self.processes[worker])

    def cancel(self):
        """The user cancels some trials; some are over, and one is of another run."""
        number = self.random.choice([1, 1, 2, len(self.text)])
        asked = self.random.choices([*self.proposed, "no such trial"], k=number)
        before = {trial: self.trial_state[trial] for trial in asked if trial in self.text}
        self.unwanted |= {trial for trial, state in before.items() if not state.is_final}
        parked = {one.trial.id for one in self.state.parked}  # no worker has to end it
        self.tell(Cancel(tuple(asked), self.clock))
        for trial, state in before.items():
            at_once = state is TrialState.PENDING or trial in parked
            now = TrialState.CANCELLED if at_once else state
            assert self.trial_state[trial] is now

    def tell_stale(self):
        """An old event comes again; it must change nothing that it did before."""
        event = self.random.choice(self.past)
        if isinstance(event, Began | Built | Ended):
            before = self.state
            active = {
                (number, one.trial.id, one.number)
                for number, worker in enumerate(before.workers)
                for one in worker.lease
            }
            if (event.worker, event.trial, event.attempt) not in active:
                state, commands, changes = step(self.policy, before, event)
                assert (state, commands, changes) == (before, (), ())

    def kill(self, worker, *, charged):
        self.starting.discard(worker)
        self.processes[worker] = None
        self.tell(WorkerDown(worker, "signal 9", charged, self.clock))

    def work(self, worker, process):
        if not process.lease:
            return
        if self.roll(0.5):
            process.lease, process.coming = process.lease + process.coming, []
        if process.at == len(process.lease):
            process.lease, process.at, process.told = [], 0, ""
            process.unwanted, process.coming = set(), []  # what comes now comes too late
            self.tell(LeaseOver(worker, self.clock))
            return
        one = process.lease[process.at]
        key = {"worker": worker, "trial": one.trial, "attempt": one.number, "time": self.clock}
        hangs = one.trial in self.hangers and process.told == "built"
        if process.told and (hangs or self.roll(self.odds.slow)):
            self.watch(worker, process, one, key)
            return
        is_heeded = one.trial in process.unwanted and self.roll(0.7)
        if process.interrupted or is_heeded:
            told = process.told or (is_heeded and self.roll(0.5))
            process.at, process.told = process.at + 1, ""
            if told:
                self.tell(Ended(outcome=AttemptState.INTERRUPTED, **key))
        elif not process.told:
            if one.trial in self.killers and not self.roll(self.odds.report):
                self.kill(worker, charged=True)
                return
            process.told = "began"
            self.tell(Began(**key))
        elif process.told == "began":
            self.build(worker, process, one, key)
        else:
            self.end(worker, process, one, key)

    def watch(self, worker, process, one, key):
        """The driver sees that a trial takes too long, and that it does not end when asked to."""
        if one.trial in process.unwanted or self.roll(0.1):
            self.late.add(one.trial)  # of one that was never asked: its worker takes too much
            self.tell(Runaway(worker, "it does not come back", self.clock))
            return
        if not process.interrupted:
            self.late.add(one.trial)
        self.tell(Overdue(reason="it took too long", **key))

    def build(self, worker, process, one, key):
        if self.text[one.trial] in self.bad:
            process.at, process.told = process.at + 1, ""
            self.refuted[self.text[one.trial]] += 1
            self.tell(Ended(outcome=AttemptState.FAILED, kind="input", message="bad", **key))
            return
        process.told = "built"
        self.proved.add(self.text[one.trial])
        self.tell(Built(slots=self.odds.slots, **key))

    def end(self, worker, process, one, key):
        if one.trial in self.killers:
            self.kill(worker, charged=True)
            return
        process.at, process.told = process.at + 1, ""
        if self.roll(self.odds.error):
            self.tell(Ended(outcome=AttemptState.FAILED, kind="error", message="oops", **key))
        else:
            self.tell(Ended(outcome=AttemptState.FINISHED, **key))

    def run(self, turns=20_000):
        for _ in range(turns):
            if self.ended:
                return
            self.turn()
        raise AssertionError("the sweep did not come to its end")


RUNNING_STATES = (TrialState.LEASED, TrialState.RUNNING)
