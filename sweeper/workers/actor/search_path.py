"""Where a worker looks for modules: libraries come before what lies in the driver's folder.

Ray puts the folder that a driver was started from first on its workers' path, so that a `jax.py`
there would be imported in place of JAX. What PYTHONPATH says is the user's own order, and stays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from sweeper.host.patches.looks import leave_alone


def put_libraries_first() -> None:
    """Put what Ray added to this process's path at its end."""
    import ray

    try:
        config = ray._private.worker.global_worker.core_worker.get_job_config()
        added = tuple(config.py_driver_sys_path)
    except AttributeError:
        leave_alone("Ray's job config", "a file beside the spec may hide a library")
        return
    sys.path[:] = reordered(sys.path, added, os.environ)


def reordered(path: Iterable[str], added: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """`path` with the folders of `added` at its end, each once, but for those of PYTHONPATH."""
    own = environ.get("PYTHONPATH", "").split(os.pathsep)
    last = [one for one in added if one not in own]
    return [*(one for one in path if one not in last), *dict.fromkeys(last)]
