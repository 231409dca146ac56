"""Environment variables of a worker process, set before anything reads them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.host.folders import make_own
from sweeper.host.variables import LOGICAL_GPUS, SHARED_DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import Resources

# A whole GPU is JAX's by default to 75 %; workers that share one divide 90 % of it.
_SHARED_GPU = 0.9

# What JAX calls a header's `precision`. Its own default is a GPU's choice: TF32, as a rule.
_PRECISIONS = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}

# How many bytes of compiled programs are kept for later sweeps.
CACHE_BYTES = 2 << 30


def of_process(resources: Resources, environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker process starts with.

    environ: the driver's own.
    """
    threads = str(max(1, resources.cpus))
    variables = {
        # Ray leaves all GPUs visible to an actor that asked for none, unless it is told.
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
        # The order of sets of strings must not differ between two workers.
        "PYTHONHASHSEED": "0",
        LOGICAL_GPUS: environ.get(LOGICAL_GPUS, ""),
    }
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        variables[f"{library}_NUM_THREADS"] = threads
    if resources.gpus == 0 or resources.device == "cpu":
        variables["JAX_PLATFORMS"] = "cpu"
    elif resources.gpus < 1:
        variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{_SHARED_GPU * resources.gpus:.3f}"
    return variables


def of_host(
    floatX: str, scratch: Path, environ: Mapping[str, str], precision: str = "float32"
) -> dict[str, str]:
    """What depends on the worker's own host, for PyTensor and JAX; before they are imported.

    scratch: a folder that is this worker's alone: PyTensor locks its compile folder.
    precision: as in SweepSpec.
    """
    flags = {
        "floatX": floatX,
        "compiledir": str(scratch),
        # Remembering where each node of a graph was written costs a tenth of building it.
        "traceback__limit": "0",
    }
    ours = (f"{name}={value}" for name, value in flags.items())
    return {
        "PYTENSOR_FLAGS": ",".join(filter(None, [environ.get("PYTENSOR_FLAGS", ""), *ours])),
        # Beside the workers' own folders: it is there and gone with them.
        SHARED_DATA: str(scratch.parent / "data"),
        "JAX_DEFAULT_MATMUL_PRECISION": _PRECISIONS[precision],
        "JAX_COMPILATION_CACHE_DIR": str(jax_cache(environ)),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def jax_cache(environ: Mapping[str, str]) -> Path:
    """The user's folder of compiled programs for this JAX on this processor, made, mode 0700.

    Of all such folders of the user, it keeps what was used last, up to CACHE_BYTES.
    A program holds machine code: it is neither shared with other users nor between processors.
    """
    home = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = f"jax-{version('jax')}-{_processor(_cpuinfo())}"
    for root in (Path(home) / "sweeper", Path(tempfile.gettempdir()) / f"sweeper-{os.getuid()}"):
        folder = root / name
        try:
            make_own(folder)
        except OSError:
            continue
        trim(root, CACHE_BYTES)
        return folder
    return Path(tempfile.mkdtemp(prefix="sweeper-jax-"))


def trim(root: Path, most_bytes: int) -> None:
    """Remove the programs under `root` that were used longest ago, until it holds no more.

    JAX's own limit fails for good once a process was killed between a program and its time file.
    """
    found = []
    for path in root.glob("jax-*/*-cache"):
        with contextlib.suppress(FileNotFoundError):  # another worker trims too
            facts = path.stat()
            found.append((max(facts.st_atime, facts.st_mtime), path, facts.st_size))
    kept = 0
    for _, path, size in sorted(found, reverse=True):
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
