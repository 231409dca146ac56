"""How a run is doing: counts, the driver, the best so far, what failed. Needs no pandas."""

from __future__ import annotations

import math
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.records import AttemptState, Ending, EndKind, TrialState
from sweeper.report.remarks import remarks
from sweeper.report.summary import order, summaries
from sweeper.report.text import duration, printable
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sweeper.records import Objective, SweepRecord, TrialRecord
    from sweeper.report.summary import TrialSummary
    from sweeper.store.base import StoreReader

_FAILURES_SHOWN = 5
_WIDEST = 200  # of a failure's line
# Between two attempts of one driver lie seconds; longer, and the run waited for a driver.
_GAP_S = 60.0


@dataclass(frozen=True, slots=True)
class Status:
    """A run at one moment.

    alive: whether its driver runs.    silent_s: since the driver was last heard.
    elapsed_s: since the launch, to now while the driver lives, else to its last sign of life;
    without the time in which no driver ran.
    best: the trial with the best objective so far and that value; None without one.
    failures: trial id and first line of the error, the newest last.
    remarks: on trials that are odd.
    stopped: of each rule that stopped trials, how many.
    to_come: trials that may still be proposed.
    """

    sweep: SweepRecord
    counts: Mapping[TrialState, int]
    alive: bool
    silent_s: float
    elapsed_s: float
    best: tuple[str, float] | None
    failures: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()
    stopped: Mapping[str, int] = field(default_factory=dict)
    to_come: int = 0


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
    trials, summed = store.trials(), summaries(store, sweep.objective)
    return Status(
        sweep=sweep,
        counts=store.counts(),
        alive=alive,
        silent_s=max(0.0, now - heard),
        elapsed_s=_elapsed(store, sweep.created, now if alive else heard),
        best=_best(trials, summed, sweep.objective),
        failures=failed_trials(store),
        remarks=remarks(trials, summed, sweep.objective),
        stopped=stopped_trials(store),
    )


def _elapsed(store: StoreReader, created: float, until: float) -> float:
    """Seconds from the launch to `until`, less the gaps in which nothing was tried for long."""
    idle, busy_until = 0.0, created
    spans = sorted((one.started, one.ended or until) for one in store.attempts())
    for started, ended in spans:
        if started - busy_until > _GAP_S:
            idle += started - busy_until
        busy_until = max(busy_until, ended)
    return max(0.0, until - created - idle)


def _best(
    trials: Iterable[TrialRecord],
    summed: Mapping[str, TrialSummary],
    objective: Objective | None,
) -> tuple[str, float] | None:
    """The trial with the best finite objective, of those that did not fail, and the value."""
    if objective is None:
        return None
    out, mode = {TrialState.FAILED, TrialState.CANCELLED}, objective.mode
    ranked = [
        (trial.id, best)
        for trial in trials
        if trial.state not in out
        and trial.id in summed
        and (best := summed[trial.id].best) is not None
        and math.isfinite(best)
    ]
    return min(ranked, key=lambda one: order(one[1], mode), default=None)


def failed_trials(store: StoreReader) -> tuple[tuple[str, str], ...]:
    """Trial id and first line of the error of each trial that failed, the newest last."""
    failed = {trial.id for trial in store.trials() if trial.state is TrialState.FAILED}
    last = {attempt.trial: attempt for attempt in store.attempts() if attempt.trial in failed}
    ordered = sorted(last.values(), key=lambda attempt: attempt.ended or attempt.started)
    return tuple((attempt.trial, first_line(attempt.message)) for attempt in ordered)


def stopped_trials(store: StoreReader) -> dict[str, int]:
    """Of each of the sweep's rules that stopped trials, how many it was."""
    ended = (one for one in store.attempts() if one.state is AttemptState.STOPPED)
    return dict(Counter(str(one.info.get("stopped_by", "a rule")) for one in ended))


def first_line(message: str) -> str:
    """The message's first line that says something."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0] if lines else "no message"


def describe(status: Status, run: str, *, place: str = "", fetched: bool = False) -> str:
    """The status for a terminal.

    run: how the user names the run.    place: where its driver was put, and how that is.
    fetched: the store is a copy, from where its driver can't be seen.
    """
    sweep = status.sweep
    total = sum(status.counts.values())
    later = f", {status.to_come} to come" if status.to_come else ""
    counts = ", ".join(
        f"{number} {state.value}" for state, number in status.counts.items() if number
    )
    lines = [
        f"{sweep.name}: {driver_line(status, run, fetched=fetched)}",
        *([f"placed    {place}"] if place else []),
        f"trials    {total + status.to_come}: {counts}{later}" if total else "trials    none",
        f"elapsed   {duration(status.elapsed_s)}",
    ]
    if status.stopped:
        rules = ", ".join(f"{number} by {rule}" for rule, number in status.stopped.items())
        lines.append(f"stopped   {rules}")
    if status.best and sweep.objective:
        trial, value = status.best
        lines.append(f"best      {sweep.objective.channel} {value:.6g} (trial {trial})")
    lines += [f"remark    {remark}" for remark in status.remarks]
    if status.failures:
        kinds = alike(status.failures)
        shown = kinds[-_FAILURES_SHOWN:]
        some = ", the last:" if len(shown) < len(kinds) else ":"
        lines += [f"failures  {len(status.failures)}{some}", failure_lines(shown, run)]
    return printable("\n".join(lines))


def alike(failures: Iterable[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """Failures that say the same together, as (their trials, what they say); in order."""
    kinds: dict[str, list[str]] = {}
    for trial, message in failures:
        kinds.setdefault(message, []).append(trial)
    return [(trials, message) for message, trials in kinds.items()]


def failure_lines(kinds: Sequence[tuple[list[str], str]], run: str) -> str:
    """A line for each kind of failure, and the command that tells all of the last one."""
    told = []
    for (first, *others), message in kinds:
        more = f" and {len(others)} more" if others else ""
        told.append(f"  {first}{more}  {_shortened(message)}")
    last = kinds[-1][0][-1]
    return "\n".join([*told, f"  traceback and history: sweep show {run} {last}"])


def _shortened(message: str) -> str:
    return message if len(message) <= _WIDEST else message[: _WIDEST - 1] + "…"


def driver_line(status: Status, run: str, *, fetched: bool = False) -> str:
    """The run's state and its driver's, and what to do if the driver is gone."""
    sweep = status.sweep
    if sweep.state == "created":
        return "created, not started"
    if isinstance(sweep.state, Ending):
        is_left = any(n for state, n in status.counts.items() if not state.is_final)
        return _ended_line(sweep.state, run if is_left or status.to_come else "")
    who = f"process {sweep.pid} on {sweep.host}"
    if fetched:
        return (
            f"running {duration(status.silent_s)} ago, driver is {who} (newer: sweep fetch {run})"
        )
    if status.alive:
        return f"running, driver is {who}, heard {duration(status.silent_s)} ago"
    return (
        f"its driver is gone ({who}, last heard {duration(status.silent_s)} ago)"
        f" (go on: sweep resume {run})"
    )


def _ended_line(ending: Ending, run: str) -> str:
    """How it ended. run: what to resume, "" where no trial is left, nor to come."""
    if ending.kind is EndKind.FINISHED or not run:
        return ending.words
    # A resume keeps the spec as it was launched: it does not mend a mistake in it.
    with_spec = "" if ending.is_interrupted else " with the spec as it was launched"
    return f"{ending.words} (go on{with_spec}: sweep resume {run})"
