"""How much memory this process has for what it puts on its device."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import jax

from pylearn2core.errors import ConfigError

# Bytes, in the environment: for a device that does not say, and to try out what little memory does.
SETTING = "PYLEARN2_DEVICE_BYTES"

# The rest is for what nobody counts: the library's own buffers, fragments, arrays on their way.
_USABLE = 0.9
_CGROUPS = Path("/sys/fs/cgroup")


class TooLargeError(Exception):
    """A program needs more memory than there is. needed, available: bytes."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"it needs {needed:,} bytes; the device has {available:,} for it")
        self.needed = needed
        self.available = available


def available() -> int:
    """Bytes that programs and data of this process may take together.

    Of a host's memory, the part that goes with the cores that this process has: it does not depend
    on what else runs at the moment. Raises ConfigError where the setting is no number.
    """
    value = os.environ.get(SETTING, "")
    if value:
        return _number(value)
    stats = jax.local_devices()[0].memory_stats() or {}
    whole = stats.get("bytes_limit")
    return int(_USABLE * (whole if whole else _share_of_host()))


def needed(compiled: Any) -> int:
    """Bytes that a compiled program takes as it runs, its arguments and results with it."""
    found = compiled.memory_analysis()
    if found is None:  # a device that does not say
        return 0
    return int(
        found.argument_size_in_bytes
        + found.output_size_in_bytes
        + found.temp_size_in_bytes
        + found.generated_code_size_in_bytes
        - found.alias_size_in_bytes
    )


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether that is what JAX or NumPy says."""
    if isinstance(error, jax.errors.JaxRuntimeError):
        return "RESOURCE_EXHAUSTED" in str(error)
    return isinstance(error, MemoryError)


def _share_of_host() -> float:
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    files = limit_files(_text_of(Path("/proc/self/cgroup")))
    total = least_limit(map(_text_of, files), host)
    return total * min(1.0, own_cores() / (os.cpu_count() or 1))


def own_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_files(cgroups: str) -> list[Path]:
    """Where limits on this process's memory may stand: a batch job, a service and what they are in
    each have one of their own.

    cgroups: what /proc/self/cgroup says. In a container, not all of the files need be there.
    """
    found = []
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, name = _CGROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = _CGROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        found += [root / folder / name for folder in (own, *own.parents)]
    return list(dict.fromkeys(found)) or [_CGROUPS / "memory.max"]


def least_limit(texts: Iterable[str], most: int) -> int:
    """The least number of bytes in `texts`, or `most`; "max" and "" are no limit."""
    return min([most, *(int(text) for text in texts if text.strip().isdecimal())])


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(value: str) -> int:
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{SETTING} is {value!r}: expected a number of bytes, such as 2e9."
        ) from None
