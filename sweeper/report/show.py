"""One run, or one trial of it, in full."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pylearn2core.words import counted
from sweeper.host import plain_files
from sweeper.records import AttemptState
from sweeper.report.render import cell, render
from sweeper.report.status import describe, status
from sweeper.report.summary import values
from sweeper.report.table import series
from sweeper.report.text import duration, printable
from sweeper.runs.find import find_trial, short_name
from sweeper.runs.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sweeper.records import AttemptRecord, Row, SweepRecord, TrialRecord
    from sweeper.report.status import Status
    from sweeper.store.base import StoreReader

LOG_LINES = 100
LINE_LENGTH = 65536
_EPOCHS_SHOWN = 20
_MANY_CHANNELS = 8  # more than these stand below one another, with a few epochs beside
_EPOCHS_BESIDE = 6


def show_run(store: StoreReader, run_dir: Path, found: Status | None = None) -> str:
    """What the run was launched with, and its status: `found`, or what the store says."""
    sweep = store.sweep()
    facts = [
        ("folder", str(run_dir)),
        ("launched", clock(sweep.created)),
        ("spec", sweep.spec_path),
        ("defines", ", ".join(f"{key}={value}" for key, value in sweep.defines.items())),
        ("objective", _objective(sweep)),
        ("varies", _axes(store.trials())),
        ("versions", ", ".join(f"{key} {value}" for key, value in sweep.versions.items())),
    ]
    return describe(found or status(store), short_name(run_dir, Path.cwd())) + "\n" + _facts(facts)


def show_trial(store: StoreReader, run_dir: Path, prefix: str) -> str:
    """A trial's values, attempts, error, history and log. prefix: its id or a beginning of it."""
    trial = find_trial(store, prefix)
    attempts = store.attempts(trial.id)
    facts = [("state", trial.state.value)]
    facts += [(name, cell(value)) for name, value in trial.values.items()]
    parts = [f"trial {trial.id} (ordinal {trial.ordinal})", _facts(facts)]
    parts += [_attempt(attempt, run_dir) for attempt in attempts]
    rows = list(store.rows(trial.id))
    if rows:
        numbers = list(dict.fromkeys(str(row.attempt) for row in rows))
        of = f"attempt{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
        parts.append(f"history ({counted(len(rows), 'row')}, {of})\n{_shown(rows)}")
    lines = deque(log_lines(run_dir, trial.id), maxlen=LOG_LINES)
    if lines:
        parts.append(f"log (its last {len(lines)} lines)\n" + printable("\n".join(lines)))
    return "\n\n".join(part for part in parts if part)


def clock(time: float) -> str:
    """A time as this host's clock shows it."""
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    known = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in known), default=0)
    return printable("\n".join(f"{name.ljust(width)}  {value}" for name, value in known))


def _objective(sweep: SweepRecord) -> str:
    return f"{sweep.objective.channel} ({sweep.objective.mode})" if sweep.objective else ""


def _axes(trials: Sequence[TrialRecord]) -> str:
    seen: dict[str, set[str]] = {}
    for trial in trials:
        for name, value in trial.values.items():
            seen.setdefault(name, set()).add(cell(value))
    return ", ".join(f"{name} ({counted(len(values), 'value')})" for name, values in seen.items())


# ------------------------------------------------------------------ attempts
def _attempt(attempt: AttemptRecord, run_dir: Path) -> str:
    device = attempt.device
    where = f"worker {attempt.worker}, process {device.pid} on {device.host}"
    if device.cores:
        where += f", cores {', '.join(map(str, device.cores))}"
    if device.gpus:
        where += f", GPU {', '.join(device.gpus)}"
    took = "" if attempt.ended is None else f" ({duration(attempt.ended - attempt.started)})"
    facts = [
        ("on", where),
        ("started", clock(attempt.started)),
        ("ended", "" if attempt.ended is None else clock(attempt.ended) + took),
        ("files", _files(RunFolder(run_dir).attempt(attempt.trial, attempt.number))),
        *((key, _fact(value)) for key, value in attempt.info.items()),
        ("stopped" if attempt.state is AttemptState.STOPPED else "error", attempt.message),
    ]
    lines = [f"attempt {attempt.number}: {attempt.state.value}", _facts(facts)]
    if attempt.traceback:
        lines.append(printable(attempt.traceback.rstrip()))
    return "\n".join(lines)


def _fact(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else cell(value)


def _files(out: Path) -> str:
    return str(out) if out.is_dir() else ""


# ------------------------------------------------------------------ history
def history(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table: epoch, then a column a channel; phase first where there are several.

    pd.NA where a row lacks a channel.
    """
    columns: dict[str, dict[int, float]] = {}
    for at, row in enumerate(rows):
        for name, value in zip(row.channels, values(row), strict=True):
            heading = f"channel.{name}" if name in ("phase", "epoch") else name
            columns.setdefault(heading, {})[at] = value
    table = pd.DataFrame(
        {
            "phase": [row.phase for row in rows],
            "epoch": [row.epoch for row in rows],
            **{name: series([one.get(at, pd.NA) for at in range(len(rows))])
               for name, one in columns.items()},
        }
    )  # fmt: skip
    several = len({row.phase for row in rows}) > 1
    return table if several else table.drop(columns="phase", errors="ignore")


def _shown(rows: Sequence[Row]) -> str:
    channels = dict.fromkeys(name for row in rows for name in row.channels)
    if len(channels) <= _MANY_CHANNELS:
        return render(history(_spread(rows, _EPOCHS_SHOWN)))
    return render(_beside(_spread(rows, _EPOCHS_BESIDE), list(channels)))


def _beside(rows: Sequence[Row], channels: Sequence[str]) -> pd.DataFrame:
    """A line a channel, a column a row."""
    columns: dict[str, Any] = {"channel": list(channels)}
    several = len({row.phase for row in rows}) > 1
    for row in rows:
        found = dict(zip(row.channels, values(row), strict=True))
        name = f"phase {row.phase} epoch {row.epoch}" if several else f"epoch {row.epoch}"
        columns[name] = series([found.get(channel, pd.NA) for channel in channels])
    return pd.DataFrame(columns)


def _spread(rows: Sequence[Row], number: int) -> list[Row]:
    """At most `number` rows, evenly spread, the first and the last among them."""
    if len(rows) <= number:
        return list(rows)
    return [rows[round(at * (len(rows) - 1) / (number - 1))] for at in range(number)]


# ------------------------------------------------------------------ log
def log_lines(run_dir: Path, trial: str) -> Iterator[str]:
    """What the trial printed, of all its attempts, as "aN| text", by worker's log."""
    tag = re.compile(rf"{re.escape(trial)}\.(a\d+\| ?.*)")
    for path in sorted(RunFolder(run_dir).worker_logs(), key=_number):
        try:
            for line in plain_files.lines(path, LINE_LENGTH):
                if found := tag.match(line):
                    yield found[1]
        except OSError as error:
            yield f"{path.name}: can't be read: {error.strerror}"


def _number(path: Path) -> tuple[int, str]:
    digits = re.search(r"\d+", path.stem)
    return int(digits[0]) if digits else 0, path.name
