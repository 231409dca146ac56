"""How an attempt failed: the user's input, or an exception of the experiment's."""

from __future__ import annotations

import traceback
from typing import Any

from pylearn2core.config.yaml_parse import with_names
from pylearn2core.errors import ConfigError, Pylearn2CoreError
from sweeper.records import AttemptState


def describe(error: BaseException) -> dict[str, Any]:
    """The facts of its Ended."""
    text = with_names("".join(traceback.format_exception(error)))
    if isinstance(error, ConfigError):
        return {
            "outcome": AttemptState.FAILED,
            "kind": "input",
            "message": with_names(str(error)),
            "traceback": text,
        }
    own = isinstance(error, Pylearn2CoreError)
    message = with_names(str(error) if own else f"{type(error).__name__}: {error}")
    return {
        "outcome": AttemptState.FAILED,
        "kind": "error",
        "message": message,
        "traceback": text,
    }
