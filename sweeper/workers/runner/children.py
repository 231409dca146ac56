"""The processes that a trial has started end with it."""

from __future__ import annotations

import logging
import sys

from sweeper.host import descendants

log = logging.getLogger(__name__)

# Of Python's own, one a process: they hold nothing of a trial's, and end with the worker.
_HELPERS = (
    ("multiprocessing.resource_tracker", "_resource_tracker", "_pid"),
    ("multiprocessing.forkserver", "_forkserver", "_forkserver_pid"),
    ("joblib.externals.loky.backend.resource_tracker", "_resource_tracker", "_pid"),
)


def end_left_over() -> None:
    """End what is left where no trial runs any more, and say in the log what it was."""
    if not descendants.ends_them or not descendants.has_children():
        return
    ended = descendants.end_all(spared=_helpers())
    if ended:
        log.warning("ended %d processes that were left: %s", len(ended), "; ".join(ended))


def _helpers() -> set[int]:
    """The numbers of Python's own helping processes."""
    found = set()
    for module, holder, number in _HELPERS:
        pid = getattr(getattr(sys.modules.get(module), holder, None), number, None)
        if isinstance(pid, int):
            found.add(pid)
    return found
