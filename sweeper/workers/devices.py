"""Which cores and GPUs a worker was given, whether it sees just these, and who they are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sweeper.records import Resources

# The test switch: GPUs are numbers that nothing stands behind, only the pinning is checked.
LOGICAL_GPUS = "SWEEP_LOGICAL_GPUS"
VISIBLE = "CUDA_VISIBLE_DEVICES"

_LISTED = re.compile(r"^GPU (\d+): .*\(UUID: (\S+)\)", re.MULTILINE)


def pin(cores: Collection[int]) -> tuple[int, ...]:
    """Bind every thread of this process to `cores`; return the cores it has then, sorted.

    Threads that Ray started before would else start threads of their own on every core.
    """
    if cores and hasattr(os, "sched_setaffinity"):
        for task in Path("/proc/self/task").iterdir():
            try:
                os.sched_setaffinity(int(task.name), cores)
            except ProcessLookupError:
                continue
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def check_visible(given: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise ClusterError unless CUDA_VISIBLE_DEVICES names just the GPUs that were given."""
    value = environ.get(VISIBLE)
    visible = [] if value is None else [part.strip() for part in value.split(",") if part.strip()]
    if not given and value is None:
        return
    if visible != list(given):
        shown = "unset" if value is None else f"{value!r}"
        raise ClusterError(
            f"{VISIBLE} is {shown}, but this worker was given the GPUs"
            f" [{', '.join(given)}]. Something overrides it between the cluster and the worker:"
            " look for it in the shell's start-up files and in the cluster's settings."
        )


def check_platforms(platforms: Sequence[str], given: Sequence[str], resources: Resources) -> None:
    """Raise ClusterError unless JAX sees just as many GPUs as were given.

    platforms: of each of JAX's devices, "cpu" or "gpu".
    """
    found = sum(platform != "cpu" for platform in platforms)
    wanted = 0 if resources.device == "cpu" else len(given)
    if found == wanted:
        return
    if found == 0:
        raise ClusterError(
            f"this worker was given the GPUs [{', '.join(given)}], but JAX sees none."
            " Install JAX with CUDA (pip install '.[cuda13]'), or write `device: cpu` under"
            " `resources` in the spec's header."
        )
    raise ClusterError(
        f"this worker was given {wanted} GPUs, but JAX sees {found}. Look for {VISIBLE} and"
        " JAX_PLATFORMS in the shell's start-up files and in the cluster's settings."
    )


def gpu_names(given: Sequence[str], listing: str) -> tuple[str, ...]:
    """UUID of each GPU given; what was given itself where `listing` does not know it.

    listing: what `nvidia-smi -L` prints, "" where there is none.
    """
    uuids = dict(_LISTED.findall(listing))
    return tuple(uuids.get(one, one) for one in given)


def list_gpus() -> str:
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


def jax_platforms() -> tuple[str, ...]:
    """The platform of each device that JAX sees. Imports JAX and starts it."""
    import jax

    return tuple(device.platform for device in jax.devices())


def are_logical(environ: Mapping[str, str]) -> bool:
    """Whether the test switch is on."""
    return environ.get(LOGICAL_GPUS) == "1"
