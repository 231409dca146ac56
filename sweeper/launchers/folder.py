"""A run's folder: what is made in it, where its driver was put, what its driver is asked.

`sweep.db`, `spec.yaml.j2`, `logs/`, `trials/`, `control/`, and `placed.json` where the driver runs
somewhere else.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.host.folders import replacing, write_private
from sweeper.launchers.base import Placed
from sweeper.records.errors import InputError
from sweeper.store.base import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC_COPY = "spec.yaml.j2"
LATEST = "latest"
PLACED = "placed.json"
CONTROL = "control"
RESULTS_ARRIVED = "results-arrived"  # there once the last snapshot is at the run's results
TASKS = "tasks"  # fact of a run in parts: how many there are
_PACKAGES = ("sweeper", "ray", "pytensor", "jax", "jaxlib", "numpy", "scipy", "pandas")


def make(run_dir: Path) -> None:
    """Make the folder, mode 0700. Raises InputError."""
    try:
        if not run_dir.is_dir():
            run_dir.parent.mkdir(parents=True, exist_ok=True)
            run_dir.mkdir(mode=0o700)
        for name in ("logs", "trials"):
            (run_dir / name).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{run_dir}: this run's folder can't be made: {error.strerror}. Run the command where"
            " you can write, or name another folder with --out."
        ) from error


def copy_spec(run_dir: Path, spec_text: str) -> None:
    """Put a copy of the spec into the folder. Raises InputError."""
    try:
        (run_dir / SPEC_COPY).write_text(spec_text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{run_dir}: the spec can't be copied into the run's folder: {error.strerror}. Free"
            " some space, or launch into another folder with --out."
        ) from error


def point_latest(run_dir: Path) -> None:
    """Let `runs/latest` point at the run, if it lies in a folder named runs."""
    if run_dir.absolute().parent.name != "runs":
        return
    link = run_dir.parent / LATEST
    with suppress(OSError), replacing(link) as beside:  # without links the run goes on
        beside.symlink_to(run_dir.name, target_is_directory=True)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def code_hashes(spec_path: Path) -> dict[str, str]:
    """sha256 of each Python file beside the spec, and in the packages beside it, by name."""
    folder = spec_path.absolute().parent
    files = sorted(folder.glob("*.py"))
    for package in sorted(path.parent for path in folder.glob("*/__init__.py")):
        files.extend(sorted(package.rglob("*.py")))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def changed_code(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the files that differ, with what happened: `loss.py (changed)`.

    A file that is new changes nothing: what the run imports was there when it began.
    """
    return [
        f"{name} ({'changed' if name in now else 'gone'})"
        for name in sorted(before)
        if before[name] != now.get(name)
    ]


# ------------------------------------------------------------------ where the driver was put
def write_placed(run_dir: Path, placed: Placed) -> None:
    """Note where the run's driver was put. Raises InputError."""
    text = json.dumps({**asdict(placed), "facts": dict(placed.facts)}, indent=1)
    try:
        write_private(run_dir / PLACED, f"{text}\n")
    except OSError as error:
        raise InputError(
            f"{run_dir / PLACED}: where the run was put can't be noted: {error.strerror}. Free some"
            " space, or name another folder with --out."
        ) from error


def write_placed_here(run_dir: Path, driver: int, cluster_file: str) -> None:
    """Note that a process of this host drives the run. Raises InputError.

    cluster_file: text of a `kind: local` file that the driver is confined by, "" for none.
    """
    placed = Placed(kind="local", job=str(driver), cluster_file=cluster_file, started=time.time())
    write_placed(run_dir, placed)


def read_placed(run_dir: Path) -> Placed | None:
    """Where the run's driver was put; None where that was never noted. Raises InputError."""
    path = run_dir / PLACED
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Placed(**found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: can't be read ({error}). Expected what `sweep launch --on` wrote there."
        ) from error


# ------------------------------------------------------------------ what the driver is asked
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
    for asked_dir in _parts(run_dir) or [run_dir]:
        folder = asked_dir / CONTROL
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(folder / name, text)
        except OSError as error:
            raise InputError(
                f"{folder}: the driver can't be asked: {error.strerror}. Expected a folder that you"
                " may write in: a run is stopped by the user who launched it."
            ) from error


def _parts(run_dir: Path) -> list[Path]:
    """The folders of a run's parts, also of those whose task still waits; [] where it has none."""
    placed = read_placed(run_dir)
    tasks = int(placed.facts.get(TASKS, "0")) if placed is not None else 0
    begun = {path.name for path in (run_dir / PARTS).glob("*") if path.name.isdecimal()}
    numbers = sorted({*range(tasks), *map(int, begun)})
    return [run_dir / PARTS / str(number) for number in numbers]


def take_control(run_dir: Path) -> list[Asked]:
    """What was asked since the last call, in order; what can't be read is dropped."""
    try:
        paths = sorted((run_dir / CONTROL).glob("*.json"))
    except OSError:
        return []
    asked = []
    for path in paths:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            trials = tuple(map(str, found["trials"]))
            asked.append(Asked(str(found["command"]), trials, at=int(path.name[:20]) / 1e9))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        path.unlink(missing_ok=True)
    return asked
