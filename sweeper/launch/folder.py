"""A run's folder: `sweep.db`, `spec.yaml.j2`, `logs/` and `trials/`; and what a run stands on."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC_COPY = "spec.yaml.j2"
LATEST = "latest"
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
    beside = link.with_name(f".{LATEST}-{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)
        beside.symlink_to(run_dir.name, target_is_directory=True)
        # Renamed over the old one: a reader never finds no link.
        beside.replace(link)
    except OSError:
        beside.unlink(missing_ok=True)  # a file system without links: the run goes on


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
