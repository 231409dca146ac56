"""GPUs: which there are, how many this process may use, how it is left fewer."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, MutableMapping, Sequence

from sweeper.host.variables import LOGICAL_GPUS, NUM_GPUS

# NVIDIA's variable: numbers or UUIDs of the GPUs that a process sees.
VISIBLE = "CUDA_VISIBLE_DEVICES"

_LISTED = re.compile(r"^GPU (\d+): .*\(UUID: (\S+)\)", re.MULTILINE)


def listing() -> str:
    """What `nvidia-smi -L` prints, "" where it can't be run."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def are_logical(environ: Mapping[str, str]) -> bool:
    """Whether GPUs are numbers with nothing behind them, for tests."""
    return environ.get(LOGICAL_GPUS) == "1"


def count(environ: Mapping[str, str], listed: str) -> int:
    """How many GPUs this process may use.    listed: see `listing`."""
    if are_logical(environ):
        return _logical(environ)
    visible = environ.get(VISIBLE)
    if visible is None:
        return sum(line.startswith("GPU ") for line in listed.splitlines())
    named = [part.strip() for part in visible.split(",")]
    return sum(bool(part) and part not in {"-1", "NoDevFiles"} for part in named)


def confine(most: int, environ: MutableMapping[str, str]) -> None:
    """Let what `environ` is given to see so many of its GPUs at most."""
    if are_logical(environ):
        environ[NUM_GPUS] = str(min(most, _logical(environ)))
        return
    visible = environ.get(VISIBLE)
    # Numbers above those that are there make CUDA see none at all.
    numbers = range(count({}, listing())) if visible is None else ()
    names = visible.split(",") if visible is not None else list(map(str, numbers))
    environ[VISIBLE] = ",".join(names[:most])


def uuids(given: Sequence[str], listed: str) -> tuple[str, ...]:
    """UUID of each GPU given; what was given itself where `listed` does not know it."""
    known = dict(_LISTED.findall(listed))
    return tuple(known.get(one, one) for one in given)


def _logical(environ: Mapping[str, str]) -> int:
    return int(environ.get(NUM_GPUS, "1"))
