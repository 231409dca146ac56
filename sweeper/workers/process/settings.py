"""What a worker's libraries are told, by environment variables that are set before they start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.host.variables import LOGICAL_GPUS, SHARED_DATA
from sweeper.workers.process import program_cache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import Resources

# A whole GPU is JAX's by default to 75 %; workers that share one divide 90 % of it.
_SHARED_GPU = 0.9

# What JAX calls a header's `precision`. Its own default is a GPU's choice: TF32, as a rule.
_PRECISIONS = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}


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
        "JAX_COMPILATION_CACHE_DIR": str(program_cache.folder(environ)),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
