"""What Ray would print about its cluster goes to the log.

Ray prints a worker's death to the driver's standard output, where the sweep's own table may be
piped from; the sweep says it itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sweeper.host.patches.looks import leave_alone, takes

_log = logging.getLogger(__name__)


def install() -> None:
    """From the next connection on."""
    import ray

    worker = ray._private.worker
    if takes(getattr(worker, "print_to_stdstream", None), "data", "ignore_prefix"):
        worker.print_to_stdstream = _note
    else:
        leave_alone(
            "ray._private.worker.print_to_stdstream", "Ray may print among the sweep's own lines"
        )


def _note(data: Mapping[str, object], ignore_prefix: bool) -> None:
    del ignore_prefix
    _log.info("ray: %s", data.get("lines"))
