"""Looking at a run again and again: its store, and where the driver is elsewhere its queue."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.cli.alive import is_unheard
from sweeper.cli.reading import read_status
from sweeper.driver.progress import PACE_AFTER_S, PACE_AFTER_TRIALS, Progress
from sweeper.launchers.base import InProcess, Job
from sweeper.launchers.choose import NOWHERE, launcher_of, placed_of
from sweeper.records import TrialState
from sweeper.records.errors import InputError, StoreError, SweepError
from sweeper.report.status import Status
from sweeper.runs.folder import RunFolder
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from sweeper.launchers.base import Launcher
    from sweeper.records import Placed

# A queue serves many users, and a fetch is a job or a transfer.
ASK_EVERY_S = 10.0
# "unknown" so often in a row: the job is gone, and was not only too new to be known.
_UNKNOWN_TIMES = 3


@dataclass(slots=True)
class Watcher:
    """Looks at a run again and again.

    status: as the store had it last, None before there was one.
    words: what the queue said last.    is_over: nothing more will happen.
    """

    run_dir: Path
    status: Status | None = None
    words: str = ""
    is_over: bool = False
    _placed: Placed = field(init=False)
    _launcher: Launcher = field(init=False)
    _is_here: bool = field(init=False)
    _job: Job = field(init=False, default=Job("unknown"))
    _asked: float = field(init=False, default=float("-inf"))
    _unknown: int = field(init=False, default=0)
    _stamp: tuple[tuple[int, int], ...] | None = field(init=False, default=None)
    _first: tuple[float, int] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._placed = placed_of(self.run_dir)
        self._launcher = launcher_of(self._reached())
        self._is_here = isinstance(self._launcher, InProcess)

    def look(self) -> Progress | None:
        """How far it is now; None where that can't be told yet."""
        if self._is_here or time.monotonic() - self._asked >= ASK_EVERY_S:
            self._ask()
        self._read()
        was_over = self.is_over
        self.is_over = self._is_over()
        if self.is_over and not was_over:
            self._ask()  # what it wrote last
            self._read()
        return self._progress() if self.status is not None or self.words else None

    def _ask(self) -> None:
        """Ask the queue, and bring what is there; neither has to answer every time."""
        self._asked = time.monotonic()
        try:
            self._placed = placed_of(self.run_dir)  # a resume moves it
            self._job = self._launcher.look(self._reached(), self.run_dir)
            self._unknown = self._unknown + 1 if self._job.state == "unknown" else 0
            self.words = self._told()
            if not self._launcher.has_folder and self._job.state != "waiting":
                self._launcher.fetch(self._placed, self.run_dir)
        except SweepError as error:
            self.words = str(error)

    def _reached(self) -> Placed:
        """Where the driver is asked about: somebody else's run is watched by its files alone."""
        return self._placed if self._placed.is_own else NOWHERE

    def _told(self) -> str:
        """What the queue says; "" of a process here, of which the store says all."""
        if self._is_here:
            return ""
        placed, job = self._placed, self._job
        said = f" ({job.words})" if job.words else ""
        return f"{placed.kind} job {placed.job} is {job.state}{said}"

    def _read(self) -> None:
        stamp = RunFolder(self.run_dir).stamp
        if stamp == self._stamp and not self._may_have_died():
            return  # many may look on: to read all rows again costs the driver its disk
        with contextlib.suppress(StoreError, InputError):
            self.status = read_status(self.run_dir)
            self._stamp = stamp

    def _may_have_died(self) -> bool:
        """Whether a driver that lived is not heard of, or seen, any more."""
        found, now = self.status, time.time()
        return found is None or (
            found.alive and not driver_lives(found.sweep, host=socket.gethostname(), now=now)
        )

    def _is_over(self) -> bool:
        found, state = self.status, self._job.state
        is_new = found is None or is_unheard(found.sweep, self._placed)
        ending = found.sweep.ending if found is not None and not is_new else None
        if ending is not None and not ending.is_interrupted:
            return True
        # An interrupted run may be in the queue again; a silent driver may be too far to hear.
        is_gone = state == "over" or self._unknown >= _UNKNOWN_TIMES
        return is_gone and not (found is not None and found.alive)

    def _progress(self) -> Progress:
        found = self.status
        if found is None:
            return Progress(0, 0, 0, 0, None, 0.0, None, 0.0, self.words)
        counts = found.counts
        done = sum(number for state, number in counts.items() if state.is_final)
        total = sum(counts.values()) + found.to_come
        rate = self._rate(done)
        is_told = found.sweep.state == "running" and found.alive
        return Progress(
            done=done,
            running=counts[TrialState.RUNNING],
            failed=counts[TrialState.FAILED],
            total=total,
            best=found.best,
            rate_per_min=rate * 60,
            left_s=(total - done) / rate if rate else None,
            elapsed_s=found.elapsed_s,
            message="" if is_told else self.words,
        )

    def _rate(self, done: int) -> float:
        """Trials a second since this watch began; 0.0 while it can't be told."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        since, before = self._first
        is_known = now - since >= PACE_AFTER_S and done - before >= PACE_AFTER_TRIALS
        return (done - before) / (now - since) if is_known else 0.0
