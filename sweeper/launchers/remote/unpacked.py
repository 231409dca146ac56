"""A spec whose folder Ray unpacked on every node, each in a place of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

# Ray's own name; it holds the job's runtime environment, for the driver's processes.
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"


def as_workers_find_it(spec_path: Path, environ: Mapping[str, str]) -> str:
    """The spec's path for a worker: below its own working folder where Ray unpacked it there.

    spec_path: absolute, as this process, the driver, has it.
    """
    here = Path.cwd()
    if is_shipped(environ) and spec_path.is_relative_to(here):
        return str(spec_path.relative_to(here))
    return str(spec_path)


def as_driver_finds_it(spec_path: Path, environ: Mapping[str, str]) -> Path:
    """The path of a run's spec for a driver that goes on: what was shipped with it, if anything.

    spec_path: as an earlier driver, in another such folder, noted it.
    """
    shipped = Path.cwd() / spec_path.name
    return shipped if is_shipped(environ) and shipped.exists() else spec_path


def is_shipped(environ: Mapping[str, str]) -> bool:
    """Whether this process is of a job whose working folder Ray unpacked."""
    try:
        job = json.loads(environ.get(_JOB, "{}"))
        return bool(job["runtime_env"]["working_dir"])
    except (ValueError, KeyError, TypeError):
        return False
