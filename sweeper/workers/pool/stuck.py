"""The end of a process of this host that does not answer."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from sweeper.workers.logs import STACK_SIGNAL

_TO_WRITE_S = 0.2


def write_stack(pid: int) -> None:
    """Let a worker write to its log where its threads are, and wait a moment for it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, STACK_SIGNAL)
        time.sleep(_TO_WRITE_S)


def end(pid: int) -> None:
    """End it, if Ray has not: what holds Python's lock may not hear of Ray's request."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
