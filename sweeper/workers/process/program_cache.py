"""Compiled programs that are kept on a host for later sweeps, by JAX."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import re
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from sweeper.host.folders import make_own

log = logging.getLogger(__name__)

# How many bytes are kept.
MOST_BYTES = 2 << 30


def folder(environ: Mapping[str, str]) -> Path:
    """The user's folder of compiled programs for this JAX on this processor, made, mode 0700.

    Of all such folders of the user, it keeps what was used last, up to MOST_BYTES.
    A program holds machine code: it is neither shared with other users nor between processors, and
    a place that another user made is not used.
    """
    name = f"jax-{version('jax')}-{_processor(_cpuinfo())}"
    for root in _roots(environ):
        found = root / name
        try:
            make_own(root)  # its owner could put another folder in the place of ours
            make_own(found)
        except OSError as error:
            log.warning("compiled programs are not kept in %s: %s", root, error.strerror or error)
            continue
        trim(root, MOST_BYTES)
        return found
    return Path(tempfile.mkdtemp(prefix="sweeper-jax-"))


def _roots(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where to look for a place, in this order."""
    with contextlib.suppress(RuntimeError):  # a user without a home, as in some containers
        yield Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sweeper"
    yield Path(tempfile.gettempdir()) / f"sweeper-{os.getuid()}"


def trim(root: Path, most_bytes: int) -> None:
    """Remove the programs under `root` that were used longest ago, until it holds no more.

    JAX's own limit fails for good once a process was killed between a program and its time file.
    """
    programs = []
    for path in root.glob("jax-*/*-cache"):
        with contextlib.suppress(FileNotFoundError):  # another worker trims too
            facts = path.stat()
            programs.append((max(facts.st_atime, facts.st_mtime), path, facts.st_size))
    kept = 0
    for _, path, size in sorted(programs, reverse=True):
        kept += size
        if kept > most_bytes:
            path.unlink(missing_ok=True)


def _processor(cpuinfo: str) -> str:
    """Short hash of a processor's model and features."""
    lines = re.findall(r"^(?:model name|flags|Features|CPU part)\s*:.*$", cpuinfo, re.MULTILINE)
    facts = "\n".join([platform.machine(), *sorted(set(lines))])
    return hashlib.sha256(facts.encode()).hexdigest()[:12]


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
