"""`control/`: what users ask of the driver of a run on this disk."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.host.folders import write_private
from sweeper.host.plain_files import read_text
from sweeper.records.errors import InputError
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import TASKS, read_placed

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    """What a driver is asked to do. command: "stop".    trials: () means the whole run.

    at: when, by the clock of the host where it was asked.
    """

    command: str
    trials: tuple[str, ...] = ()
    at: float = field(default=0.0, compare=False)


def send_control(run_dir: Path, command: str, trials: tuple[str, ...] = ()) -> None:
    """Ask the driver of a run on this disk, or those of its parts, begun or not.

    Raises InputError.
    """
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}.json"  # in the order they were asked
    text = json.dumps({"command": command, "trials": list(trials)})
    for asked in _asked(run_dir):
        folder = asked.control
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(folder / name, text)
        except OSError as error:
            raise InputError(
                f"{folder}: the driver can't be asked: {error.strerror}. Expected a folder that you"
                " may write in: a run is stopped by the user who launched it."
            ) from error


def _asked(run_dir: Path) -> list[RunFolder]:
    """The run, or its parts, also those whose task still waits."""
    run, placed = RunFolder(run_dir), read_placed(run_dir)
    tasks = int(placed.facts.get(TASKS, "0")) if placed is not None else 0
    parts = {*map(run.part, range(tasks)), *run.parts()}
    return sorted(parts, key=lambda part: int(part.path.name)) or [run]


def take_control(run_dir: Path) -> list[Asked]:
    """What was asked since the last call, in order; what can't be read is dropped."""
    try:
        paths = sorted(RunFolder(run_dir).control.glob("*.json"))
    except OSError:
        return []
    asked = []
    for path in paths:
        try:
            found = json.loads(read_text(path))
            trials = tuple(map(str, found["trials"]))
            asked.append(Asked(str(found["command"]), trials, at=int(path.name[:20]) / 1e9))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
        with suppress(OSError):  # a folder, say, that somebody put there
            path.unlink()
    return asked
