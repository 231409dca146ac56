"""Calls whose arguments are checked beforehand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean


def check_call_arguments(to_call: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
    """Raise ConfigError where keyword arguments don't fit what is to be called."""
    parameters = inspect.signature(to_call).parameters
    kinds = inspect.Parameter
    takes_any = any(one.kind is kinds.VAR_KEYWORD for one in parameters.values())
    unknown = [] if takes_any else [name for name in kwargs if name not in parameters]
    name = getattr(to_call, "__name__", repr(to_call))
    if unknown:
        hint = did_you_mean(unknown[0], parameters, "sentence")
        raise ConfigError(f"{name} takes no argument {', '.join(unknown)}.{hint}")
    missing = [
        key
        for key, one in parameters.items()
        if one.default is kinds.empty
        and one.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
        and key not in kwargs
    ]
    if missing:
        raise ConfigError(f"{name} needs the argument {', '.join(missing)}.")


def checked_call(to_call: Callable[..., Any], kwargs: Mapping[str, Any]) -> Any:
    """`to_call(**kwargs)`. Raises ConfigError where the arguments don't fit."""
    check_call_arguments(to_call, kwargs)
    return to_call(**kwargs)
