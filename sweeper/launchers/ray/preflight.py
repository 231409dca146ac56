"""What a cluster has, before anything is sent to it: its Python and its packages."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from sweeper.records.errors import ClusterError

# Runs on the head by whatever `python` a job finds there: the standard library alone.
SCRIPT = """
import importlib.metadata as m, json, os, platform, sys
def find(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
print("SWEEP-PREFLIGHT", json.dumps({"python": platform.python_version(),
"executable": sys.executable, "home": os.path.expanduser("~"), "uid": os.getuid(),
"packages": {name: find(name) for name in sys.argv[1:]}}))
"""
# Numbers that a trial ends with may differ where these do.
_TELLING = ("ray", "pytensor", "jax", "jaxlib", "numpy", "scipy")
_BRINGS_ITSELF = "sweeper"


@dataclass(frozen=True, slots=True)
class HeadPython:
    """What a job on the head found. packages: name to version, None where it is missing."""

    python: str
    executable: str
    home: str
    uid: int
    packages: Mapping[str, str | None]


def needed() -> list[Requirement]:
    """What sweeper needs, as its own metadata says."""
    try:
        lines = distribution(_BRINGS_ITSELF).requires or []
    except PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": ""})]


def read(log: str, address: str) -> HeadPython:
    """What the script printed. Raises ClusterError where it could not run."""
    said = re.search(r"^SWEEP-PREFLIGHT (.*)$", log, re.MULTILINE)
    if not said:
        last = log.strip().splitlines()[-1:] or ["nothing"]
        raise ClusterError(
            f"{address}: no job can run Python there; it said: {last[0]}. Expected a `python` of"
            " 3.11 or later on the PATH that the cluster's head was started with."
        )
    return HeadPython(**json.loads(said[1]))


def check(found: HeadPython, address: str) -> list[str]:
    """Differences that a run survives, a line each. Raises ClusterError for those it does not."""
    wrong = _wrong_python(found) + _wrong_packages(found)
    if wrong:
        raise ClusterError(
            f"{address}: a sweep can't run there with {found.executable}: {'; '.join(wrong)}."
            " Install what is missing on every node of the cluster (`pip install"
            " PATH/TO/THE/CHECKOUT` brings all of it), or start the cluster from an image that has"
            " it."
        )
    here = {"python": platform.python_version(), **_here()}
    there = {"python": found.python, **found.packages}
    return [
        f"{name} is {there[name]} on the cluster, {here[name]} here"
        for name in ("python", *_TELLING)
        if there.get(name) and name in here and there[name] != here[name]
    ]


def _wrong_python(found: HeadPython) -> list[str]:
    try:
        allowed = SpecifierSet(distribution(_BRINGS_ITSELF).metadata["Requires-Python"] or "")
    except PackageNotFoundError:
        return []
    if found.python in allowed:
        return []
    return [f"Python is {found.python}, expected {allowed}"]


def _wrong_packages(found: HeadPython) -> list[str]:
    wrong = []
    for one in needed():
        there = found.packages.get(one.name)
        if there is None:
            wrong.append(f"{one.name} is missing")
        elif not one.specifier.contains(there, prereleases=True):
            wrong.append(f"{one.name} is {there}, expected {one.specifier}")
    return wrong


def _here() -> dict[str, str]:
    found = {}
    for name in _TELLING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
