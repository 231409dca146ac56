"""How a patch looks at what it would change, and says that it left it alone."""

from __future__ import annotations

import inspect
import logging
from typing import Any

_log = logging.getLogger(__name__)
_said: set[str] = set()


def takes(what: Any, *names: str) -> bool:
    """Whether it can be called with arguments of these names."""
    try:
        return set(names) <= inspect.signature(what).parameters.keys()
    except (TypeError, ValueError):  # nothing that can be called, or that tells its arguments
        return False


def leave_alone(what: str, effect: str) -> None:
    """Say, once a process, that `what` is not as expected.    effect: what follows from it."""
    if what not in _said:
        _said.add(what)
        _log.warning("%s is not as expected, so it is left as it is: %s.", what, effect)
