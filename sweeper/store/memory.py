"""A store in this process's memory: for tests, and for runs that nobody looks at afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING

from sweeper.records import AttemptRecord, AttemptState, TrialRecord, TrialState
from sweeper.records.errors import StoreError
from sweeper.store import faults
from sweeper.store.batches import join
from sweeper.store.fence import Standing, sift
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from sweeper.records import (
        AttemptEnded,
        AttemptStarted,
        Change,
        ExperimentText,
        Row,
        SweepRecord,
        SweepState,
        Trial,
    )
    from sweeper.store.fence import Writes

_ENDED = (TrialState.FAILED, TrialState.CANCELLED)
_Place = tuple[int, int, int]  # of a row in its trial: attempt, phase, epoch


@dataclass(slots=True)
class _Run:
    """What was recorded of a run; trials by ordinal, the rest by trial."""

    sweep: SweepRecord
    trials: dict[str, Trial]
    standings: dict[str, Standing]
    batches: tuple[int, ...] = (0,)
    attempts: dict[str, dict[int, AttemptRecord]] = field(default_factory=dict)
    rows: dict[str, dict[_Place, Row]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)  # a heartbeat may come from another thread

    def copy(self) -> _Run:
        """What it is now, whatever is written later."""
        with self.lock:
            attempts = {trial: dict(found) for trial, found in self.attempts.items()}
            rows = {trial: dict(found) for trial, found in self.rows.items()}
            trials, standings = dict(self.trials), dict(self.standings)
            return _Run(self.sweep, trials, standings, self.batches, attempts, rows)


class MemoryBackend:
    """`base.Backend` on dicts: the runs of this process, by the names of their places."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def create(
        self,
        place: object,
        sweep: SweepRecord,
        trials: Iterable[Trial],
        *,
        published: bool | None = None,
    ) -> MemoryStore:
        """A new store that holds `sweep` and all its `trials`. Raises StoreError."""
        if str(place) in self._runs:
            raise faults.exists(place)
        ordered = sorted(trials, key=lambda trial: trial.ordinal)
        by_id = {trial.id: trial for trial in ordered}
        if len(by_id) < len(ordered):
            raise StoreError(f"{place}: the store failed (two trials have one id).")
        new = {trial.id: _waits(trial) for trial in ordered}
        run = self._runs[str(place)] = _Run(sweep, by_id, new)
        return MemoryStore(place, run)

    def open(self, place: object, *, published: bool | None = None) -> MemoryStore:
        """The store of a run, for a driver that goes on with it. Raises StoreError."""
        return MemoryStore(place, self._found(place))

    def read(self, place: object, *, published: bool | None = None) -> MemoryStore:
        """The store of a run, read-only. Raises StoreError."""
        return MemoryStore(place, self._found(place), writable=False)

    def _found(self, place: object) -> _Run:
        if str(place) not in self._runs:
            raise faults.missing(place, "Expected one that this process made.")
        return self._runs[str(place)]


class MemoryStore:
    """`base.Store` on dicts. place: what messages name."""

    def __init__(self, place: object, run: _Run, *, writable: bool = True) -> None:
        self._place = place
        self._run = run
        self._writable = writable
        self._moment: _Run | None = None

    # -------------------------------------------------------------- what a driver does
    def claim(self, host: str, pid: int, now: float) -> int:
        """See `base.Store.claim`. The same process may claim again."""
        with self._run.lock:
            sweep = self._run.sweep
            if (sweep.host, sweep.pid) != (host, pid) and driver_lives(sweep, host=host, now=now):
                raise faults.busy(self._place, sweep, now)
            self._run.sweep = replace(
                sweep,
                generation=sweep.generation + 1,
                host=host,
                pid=pid,
                heartbeat=now,
                state="running",
            )
            return sweep.generation + 1

    def heartbeat(self, generation: int, now: float) -> None:
        """See `base.Store.heartbeat`."""
        with self._run.lock:
            self._run.sweep = replace(self._owned(generation), heartbeat=now)

    def finish(self, generation: int, state: SweepState, now: float) -> None:
        """See `base.Store.finish`."""
        with self._run.lock:
            sweep = self._owned(generation)
            self._run.sweep = replace(sweep, state=state, heartbeat=now)

    def write(self, generation: int, changes: Sequence[Change]) -> int:
        """See `base.Store.write`."""
        with self._run.lock:
            self._owned(generation)
            asked = {change.trial for change in changes} & self._run.standings.keys()
            batch = sift(changes, {one: self._run.standings[one] for one in asked})
            _keep(self._run, batch)
            return batch.dropped

    def add_trials(
        self,
        generation: int,
        trials: Sequence[Trial],
        texts: Mapping[str, ExperimentText] | None = None,
    ) -> list[Trial]:
        """See `base.Store.add_trials`."""
        with self._run.lock:
            run, sweep = self._run, self._owned(generation)
            there = {trial.id: trial.ordinal for trial in run.trials.values()}
            following = max(there.values(), default=-1) + 1
            joined = join(trials, there, following)
            run.sweep = replace(sweep, texts={**(texts or {}), **sweep.texts})
            run.trials.update((trial.id, trial) for trial in joined.new)
            run.standings.update((trial.id, _waits(trial)) for trial in joined.new)
            run.batches = (*run.batches, following)
            return list(joined.trials)

    def reopen(self, generation: int, trials: Collection[str]) -> list[str]:
        """See `base.Store.reopen`."""
        with self._run.lock:
            self._owned(generation)
            standings = self._run.standings
            found = [one for one in trials if one in standings and standings[one].state in _ENDED]
            for one in found:
                standings[one] = replace(standings[one], state=TrialState.PENDING)
            return found

    def publish(self, now: float) -> bool:
        """See `base.Store.publish`: there are no readers elsewhere."""
        return False

    def close(self) -> None:
        """Nothing is to let go of."""

    def _owned(self, generation: int) -> SweepRecord:
        """The run, for the driver that has it."""
        if not self._writable:
            raise faults.read_only(self._place)
        if generation != self._run.sweep.generation:
            raise faults.fenced(self._place, self._run.sweep.generation, generation)
        return self._run.sweep

    # -------------------------------------------------------------- what a reader asks
    def _seen(self) -> _Run:
        """A driver reads the present; a reader stays at the moment of its first question."""
        if self._writable:
            return self._run
        if self._moment is None:
            self._moment = self._run.copy()
        return self._moment

    def sweep(self) -> SweepRecord:
        """See `base.StoreReader.sweep`."""
        return self._seen().sweep

    def trials(self) -> list[TrialRecord]:
        """See `base.StoreReader.trials`."""
        run = self._seen()
        return [
            TrialRecord(
                one.id, one.ordinal, one.values, one.text_id, standing.state, standing.newest
            )
            for one, standing in zip(run.trials.values(), run.standings.values(), strict=True)
        ]

    def proposed(self) -> list[Trial]:
        """See `base.StoreReader.proposed`."""
        return list(self._seen().trials.values())

    def batches(self) -> tuple[int, ...]:
        """See `base.StoreReader.batches`."""
        return self._seen().batches

    def unfinished(self) -> list[Trial]:
        """See `base.StoreReader.unfinished`."""
        run = self._seen()
        return [one for one in run.trials.values() if not run.standings[one.id].state.is_final]

    def counts(self) -> dict[TrialState, int]:
        """See `base.StoreReader.counts`."""
        found = Counter(standing.state for standing in self._seen().standings.values())
        return {state: found[state] for state in TrialState}

    def attempts(self, trial: str | None = None) -> list[AttemptRecord]:
        """See `base.StoreReader.attempts`."""
        run = self._seen()
        return [
            attempt
            for one in _asked(run, trial)
            for _, attempt in sorted(run.attempts.get(one, {}).items())
        ]

    def rows(self, trial: str | None = None) -> Iterator[Row]:
        """See `base.StoreReader.rows`."""
        run = self._seen()
        for one in _asked(run, trial):
            yield from _history(run.rows.get(one, {}))


def _asked(run: _Run, trial: str | None) -> list[str]:
    """The trials that a question is about."""
    return list(run.trials) if trial is None else [trial]


def _waits(trial: Trial) -> Standing:
    return Standing(trial.ordinal, TrialState.PENDING, newest=0, open=False)


def _keep(run: _Run, batch: Writes) -> None:
    for new in batch.started:
        run.attempts.setdefault(new.trial, {})[new.number] = _begun(new)
    for over in batch.ended:
        of = run.attempts[over.trial]
        of[over.number] = _ended(of[over.number], over)
    run.standings.update(batch.standings)
    for row in batch.rows:
        of_trial = run.rows.setdefault(row.trial, {})
        of_trial.setdefault((row.attempt, row.phase, row.epoch), row)  # twice is once


def _begun(new: AttemptStarted) -> AttemptRecord:
    return AttemptRecord(
        new.trial, new.number, AttemptState.RUNNING, new.worker, new.device, new.time,
        ended=None, kind="", message="", traceback="", info={},
    )  # fmt: skip


def _ended(attempt: AttemptRecord, over: AttemptEnded) -> AttemptRecord:
    return replace(
        attempt,
        state=over.state,
        ended=over.time,
        kind=over.kind,
        message=over.message,
        traceback=over.traceback,
        info=over.info,
    )


def _history(rows: dict[_Place, Row]) -> list[Row]:
    """From the newest attempt back, each adds its rows before the first one that is there."""
    kept: list[Row] = []
    for attempt in sorted({attempt for attempt, _, _ in rows}, reverse=True):
        own = [row for place, row in sorted(rows.items()) if place[0] == attempt]
        before = [row for row in own if not kept or (row.phase, row.epoch) < _at(kept[0])]
        kept = before + kept
    return kept


def _at(row: Row) -> tuple[int, int]:
    return row.phase, row.epoch


HERE = MemoryBackend()
