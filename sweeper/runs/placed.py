"""`placed.json`: where a run's driver was put."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sweeper.records import Placed
from sweeper.records.errors import InputError
from sweeper.runs.folder import RunFolder
from sweeper.host.folders import write_private

if TYPE_CHECKING:
    from pathlib import Path

TASKS = "tasks"  # fact of a run in parts: how many there are


def write_placed(run_dir: Path, placed: Placed) -> None:
    """Note where the run's driver was put. Raises InputError."""
    text = json.dumps({**asdict(placed), "facts": dict(placed.facts)}, indent=1)
    path = RunFolder(run_dir).placed
    try:
        write_private(path, f"{text}\n")
    except OSError as error:
        raise InputError(
            f"{path}: where the run was put can't be noted: {error.strerror}. Free some space,"
            " or name another folder with --out."
        ) from error


def read_placed(run_dir: Path) -> Placed | None:
    """Where the run's driver was put; None where that was never noted. Raises InputError."""
    path = RunFolder(run_dir).placed
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Placed(**found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: can't be read ({error}). Expected what `sweep launch --on` wrote there."
        ) from error
