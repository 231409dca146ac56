"""How long a piece of code takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def log_timing(
    logger: logging.Logger,
    task: str,
    level: int = logging.INFO,
    final_msg: str | None = None,
    callbacks: Callable[[float], Any] | list[Callable[[float], Any]] | None = None,
) -> Iterator[None]:
    """Log that `task` begins, and at the end of the block how long it took.

    final_msg: in place of the text before the time.
    callbacks: each is called with the seconds.
    """
    logger.log(level, "%s...", task)
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    logger.log(level, "%s%f seconds", final_msg or f"{task} done. Time elapsed: ", seconds)
    given: Any = [callbacks] if callable(callbacks) else callbacks or ()
    for callback in given:
        callback(seconds)


@contextmanager
def total_seconds(shared: Any) -> Iterator[None]:
    """Add the block's seconds to the value of a shared variable."""
    began = time.monotonic()
    yield
    seconds = shared.get_value() + time.monotonic() - began
    shared.set_value(np.asarray(seconds, dtype=shared.dtype))
