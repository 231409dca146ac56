"""What a run's results depend on beside its spec: versions of packages, the user's modules."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import InputError
from sweeper.records.text import MESSAGE, kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import SweepRecord

_PACKAGES = ("sweeper", "ray", "pytensor", "jax", "jaxlib", "numpy", "scipy", "pandas")


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
    """sha256 of each Python file beside the spec, and in the packages beside it, by name.

    What is named so and is none that Python could import is left out: an editor's lock file, which
    is hidden and leads nowhere, a folder, a FIFO.
    """
    folder = spec_path.absolute().parent
    files = sorted(folder.glob("*.py"))
    for package in sorted(path.parent for path in folder.glob("*/__init__.py")):
        files.extend(sorted(package.rglob("*.py")))
    return {
        kept(str(path.relative_to(folder)), MESSAGE): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not path.name.startswith(".") and path.is_file() and os.access(path, os.R_OK)
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


def check_code(run_dir: Path, record: SweepRecord) -> None:
    """Raise InputError if the user's modules are not those that the run began with."""
    changed = changed_code(record.code, code_hashes(Path(record.spec_path)))
    if changed:
        raise InputError(
            f"{run_dir}: modules beside the spec are not those that the run began with:"
            f" {', '.join(changed)}. Put them back, or go on with --code-changed-ok: later"
            " trials then run other code than those that finished."
        )
