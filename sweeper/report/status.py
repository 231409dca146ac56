"""How a run is doing: counts, the driver, the best so far, what failed. Needs no pandas."""

from __future__ import annotations

import math
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records import TrialState
from sweeper.report.history import histories, is_better
from sweeper.report.text import duration, printable
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweeper.records import Objective, SweepRecord
    from sweeper.store.base import StoreReader

_FAILURES_SHOWN = 5
_WIDEST = 200  # of a failure's line


@dataclass(frozen=True, slots=True)
class Status:
    """A run at one moment.

    alive: whether its driver runs.    silent_s: since the driver was last heard.
    elapsed_s: since the launch, to now while the driver lives, else to its last sign of life.
    best: the trial with the best objective so far and that value; None without one.
    failures: trial id and first line of the error, the newest last.
    """

    sweep: SweepRecord
    counts: Mapping[TrialState, int]
    alive: bool
    silent_s: float
    elapsed_s: float
    best: tuple[str, float] | None
    failures: tuple[tuple[str, str], ...]


def status(
    store: StoreReader,
    *,
    now: float | None = None,
    host: str | None = None,
    lives: Callable[[int], bool] | None = None,
) -> Status:
    """The run's status. now, host: the clock and this host's name where they are not given."""
    now = time.time() if now is None else now
    sweep = store.sweep()
    alive = driver_lives(sweep, host=host or socket.gethostname(), now=now, lives=lives)
    heard = sweep.heartbeat or sweep.created
    return Status(
        sweep=sweep,
        counts=store.counts(),
        alive=alive,
        silent_s=max(0.0, now - heard),
        elapsed_s=max(0.0, (now if alive else heard) - sweep.created),
        best=best_so_far(store, sweep.objective),
        failures=_failures(store),
    )


def best_so_far(store: StoreReader, objective: Objective | None) -> tuple[str, float] | None:
    """The trial with the best objective, of those that did not fail, and the value."""
    if objective is None:
        return None
    out = {TrialState.FAILED, TrialState.CANCELLED}
    ranked = {trial.id for trial in store.trials() if trial.state not in out}
    best: tuple[str, float] | None = None
    for trial, history in histories(store, objective).items():
        if trial in ranked and is_better(history.best, best[1] if best else math.nan, objective):
            best = trial, history.best
    return best


def _failures(store: StoreReader) -> tuple[tuple[str, str], ...]:
    failed = {trial.id for trial in store.trials() if trial.state is TrialState.FAILED}
    last = {attempt.trial: attempt for attempt in store.attempts() if attempt.trial in failed}
    ordered = sorted(last.values(), key=lambda attempt: attempt.ended or attempt.started)
    return tuple((attempt.trial, first_line(attempt.message)) for attempt in ordered)


def first_line(message: str) -> str:
    """The message's first line that says something."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0] if lines else "no message"


def describe(status: Status, run: str) -> str:
    """The status for a terminal. run: how the user names the run."""
    sweep = status.sweep
    total = sum(status.counts.values())
    counts = ", ".join(
        f"{number} {state.value}" for state, number in status.counts.items() if number
    )
    lines = [
        f"{sweep.name}: {driver_line(status, run)}",
        f"trials    {total}: {counts}" if total else "trials    none",
        f"elapsed   {duration(status.elapsed_s)}",
    ]
    if status.best and sweep.objective:
        trial, value = status.best
        lines.append(f"best      {sweep.objective.channel} {value:.6g} (trial {trial})")
    if status.failures:
        shown = status.failures[-_FAILURES_SHOWN:]
        some = ", the last:" if len(shown) < len(status.failures) else ":"
        lines += [f"failures  {len(status.failures)}{some}", failure_lines(shown, run)]
    return printable("\n".join(lines))


def failure_lines(failures: Sequence[tuple[str, str]], run: str) -> str:
    """A line for each of these failures, and the command that tells all of the last one."""
    told = [f"  {trial}  {_shortened(message)}" for trial, message in failures]
    return "\n".join([*told, f"  traceback and history: sweep show {run} {failures[-1][0]}"])


def _shortened(message: str) -> str:
    return message if len(message) <= _WIDEST else message[: _WIDEST - 1] + "…"


def driver_line(status: Status, run: str) -> str:
    """The run's state and its driver's, and what to do if the driver is gone."""
    sweep = status.sweep
    if sweep.state == "created":
        return "created, not started"
    if sweep.state != "running":
        reason = f": {sweep.reason}" if sweep.reason else ""
        # A resume keeps the spec as it was launched: it does not mend a mistake in it.
        with_spec = " with the spec as it was launched" if sweep.state == "failed" else ""
        again = "" if sweep.state == "finished" else f" (go on{with_spec}: sweep resume {run})"
        # "interrupted by Ctrl-C" says its state by itself.
        how = sweep.reason if sweep.reason.startswith(sweep.state) else f"{sweep.state}{reason}"
        return f"{how}{again}"
    who = f"process {sweep.pid} on {sweep.host}"
    if status.alive:
        return f"running, driver is {who}, heard {duration(status.silent_s)} ago"
    return (
        f"its driver is gone ({who}, last heard {duration(status.silent_s)} ago)"
        f" (go on: sweep resume {run})"
    )
