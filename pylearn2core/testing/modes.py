"""How tests compile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def no_debug_mode(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: no mode here checks each step as Theano's DebugMode did."""

    @functools.wraps(fn)
    def run(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return run
