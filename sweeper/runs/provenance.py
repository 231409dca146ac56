"""What a run's results depend on beside its spec: versions of packages, the user's modules."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
