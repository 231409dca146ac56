"""Where a run's driver was put: a note in the run's folder, and the user's own record of it.

`placed.json` says of a run which job it is. A folder may be anybody's, so nothing that it says of
programs, addresses, tokens or files is used: that is in a record of the user's, outside the folder,
under the run's id. Of a run without such a record only the note is known.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.host.folders import is_own_file, make_own, state_folder, write_private
from sweeper.host.plain_files import read_text
from sweeper.records import Placed
from sweeper.records.errors import DamageError, InputError, damage
from sweeper.runs.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

TASKS = "tasks"  # fact of a run in parts: how many there are
MOST_TASKS = 100_000
HERE = "local"  # the kind of a driver that is a process of this machine
_ID = re.compile(r"[0-9a-f]{32}")
# Names that go to other programs: none is an option there, a path or more than one word.
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,200}")
# What a file makes that holds something else than what is written there.
_TEXTS = ("kind", "job", "address", "remote_dir", "cluster_file")
_ODD = (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError)


def write_placed(run_dir: Path, placed: Placed) -> None:
    """Note where the run's driver was put, in its folder and for this user.

    Raises InputError where that can't be written, or is no kind and job that is taken again.
    """
    _write(run_dir, placed, _run_id(RunFolder(run_dir).placed) or _new_id())


def adopt_placed(run_dir: Path, placed: Placed) -> None:
    """Keep for this user where the run in this folder is. Raises InputError.

    Under a new id: by the one in the note another run may be known.
    """
    _write(run_dir, placed, _new_id())


def _new_id() -> str:
    return secrets.token_hex(16)


def _write(run_dir: Path, placed: Placed, run: str) -> None:
    path = RunFolder(run_dir).placed
    if not (_KIND.fullmatch(placed.kind) and _JOB.fullmatch(placed.job)):
        raise InputError(
            f"{path}: {placed.kind!r}, {placed.job!r}: no kind and job to find a run again by."
            f" Expected names of the patterns {_KIND.pattern} and {_JOB.pattern} from the launcher."
        )
    note = {
        "run": run,
        "kind": placed.kind,
        "job": placed.job,
        "started": placed.started,
        TASKS: int(placed.facts.get(TASKS, "0")),
        "has_record": placed.kind != HERE or bool(placed.cluster_file),  # else it says all
    }
    try:
        if note["has_record"]:
            record = {**asdict(replace(placed, is_own=True)), "facts": dict(placed.facts)}
            record["run_dir"] = str(run_dir.absolute())
            target = _record_of(run)
            make_own(target.parent)
            write_private(target, f"{json.dumps(record, indent=1)}\n")
        write_private(path, f"{json.dumps(note, indent=1)}\n")
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path}: where the run was put can't be noted: {why}. Free some space, name another"
            " folder with --out, or set XDG_STATE_HOME to a folder that you may write in."
        ) from error


def read_placed(run_dir: Path) -> Placed | None:
    """Where the run's driver was put; None where that was never noted. Raises DamageError.

    By the user's own record, where there is one, else by what the folder's note may say.
    """
    path = RunFolder(run_dir).placed
    try:
        note = _mapping(path)
        if note is None:
            return None
        noted = _noted(note)
        record = _record(note.get("run"))
        if record is None or _is_copied(record, note["run"], run_dir):
            return noted
        return _recorded(record, noted)
    except _ODD as error:
        raise _damaged(path, error) from error


def moved_from(run_dir: Path) -> tuple[Path, Placed] | None:
    """The folder that this one is a copy of, if that is a run of this user's, and where it is put.

    Raises DamageError.
    """
    path = RunFolder(run_dir).placed
    run = _run_id(path)
    record = _record(run)
    if record is None or run is None or not _is_copied(record, run, run_dir):
        return None
    note = _mapping(path) or {}
    return Path(record["run_dir"]), _recorded(record, _noted(note))


def _damaged(path: Path, error: Exception) -> DamageError:
    why = f"missing {error}" if isinstance(error, KeyError) else str(error)
    return damage(
        path,
        f"can't be read ({why[:200]})",
        left="`sweep report` and `sweep show` read what is recorded, and don't need it.",
        todo="Put back what `sweep launch` wrote there: it says where the driver is.",
    )


def _noted(note: Mapping[str, Any]) -> Placed:
    """What a note may say: which job, since when, and in how many parts."""
    tasks, started = note.get(TASKS, 0), float(note["started"])
    if type(tasks) is not int or not 0 <= tasks <= MOST_TASKS or not math.isfinite(started):
        raise ValueError(f"{TASKS} or started is out of bounds")
    kind = _named(note, "kind", _KIND)
    return Placed(
        kind=kind,
        job=_named(note, "job", _JOB),
        started=started,
        facts={TASKS: str(tasks)} if tasks else {},
        # A driver on this machine is asked by files in the run's folder: nothing is reached. What
        # confines it is in the record.
        is_own=kind == HERE and not note.get("has_record"),
    )


def _record(run: object) -> dict[str, Any] | None:
    """The user's own record of a run; None where there is none."""
    if not _is_id(run):
        return None
    try:
        path = _record_of(str(run))
    except RuntimeError:  # a user without a home, as on some nodes
        return None
    if not is_own_file(path):
        return None
    try:
        found = _mapping(path)
        if found is not None:
            _check_record(found)
    except _ODD as error:
        raise _damaged(path, error) from error
    return found


def _check_record(found: Mapping[str, Any]) -> None:
    """Raise TypeError or KeyError where this is no record of ours."""
    facts = found["facts"]
    texts = [found["run_dir"], *(found[name] for name in _TEXTS), *facts, *facts.values()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("it holds no text where one is expected")
    if type(found["started"]) is not float or found["is_own"] is not True:
        raise TypeError("started or is_own is not what is written there")


def _is_copied(record: Mapping[str, Any], run: str, run_dir: Path) -> bool:
    """Whether the run is in another folder, and this one is a copy of it, or of its note."""
    home = Path(record["run_dir"])
    return home.resolve() != run_dir.resolve() and _run_id(RunFolder(home).placed) == run


def _recorded(record: Mapping[str, Any], noted: Placed) -> Placed:
    """What the user's record says, if it speaks of the job of the note."""
    fields = {name: value for name, value in record.items() if name != "run_dir"}
    found = Placed(**fields)
    return found if (found.kind, found.job) == (noted.kind, noted.job) else noted


def _named(note: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = note[key]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{key} is not a name")
    return value


def _mapping(path: Path) -> dict[str, Any] | None:
    """What a file of JSON holds; None where there is none."""
    try:
        found = json.loads(read_text(path))
    except FileNotFoundError:
        return None
    if not isinstance(found, dict):
        raise TypeError("it is not a mapping")
    return found


def _run_id(path: Path) -> str | None:
    """The id in a note that is there; None where there is none, or none of ours."""
    try:
        found = (_mapping(path) or {}).get("run")
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if _is_id(found) else None


def _is_id(found: object) -> bool:
    return isinstance(found, str) and _ID.fullmatch(found) is not None


def _record_of(run: str) -> Path:
    return state_folder() / "runs" / f"{run}.json"
