"""Call what a YAML file names with the keywords it gives, or say what is wrong with them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_KEYWORD_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def call(target: object, dotted: str, kwargs: Mapping[str, Any]) -> Any:
    """`target(**kwargs)`.

    dotted: the target's name in messages.
    Raises ConfigError (with no place) for a keyword the target does not take, for one it misses,
    and for what it raises itself; that is then the cause.
    """
    function = check(target, dotted, kwargs)
    try:
        return function(**kwargs)
    except ConfigError:
        raise
    except Exception as err:
        raise ConfigError(_own_error(err, function, dotted, kwargs)) from err


def check(target: object, dotted: str, names: Collection[str]) -> Callable[..., Any]:
    """Return `target` as what can be called with these keywords; calls nothing.

    Raises ConfigError (with no place) where `target` can't be called, takes no such keyword, or
    misses one.
    """
    if not callable(target):
        raise ConfigError(
            f"`!obj:{dotted}` names a {type(target).__name__}, which can't be called. Name a class "
            f"or a function; to pass the thing itself write `!import: '{dotted}'`."
        )
    accepted = _accepted(target)
    if accepted is not None:
        _check(accepted, dotted, names)
    return target


@dataclass(frozen=True, slots=True)
class _Accepted:
    """names: keywords in order.    required: those without a default.    more: has `**kwargs`."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    more: bool


def _accepted(target: Callable[..., Any]) -> _Accepted | None:
    """What `target` accepts; None where Python can't say (some functions written in C)."""
    try:
        return _inspected(target)
    except TypeError:  # a callable object that can't be a key of the cache
        return _inspected.__wrapped__(target)


@lru_cache(maxsize=1000)
def _inspected(target: Callable[..., Any]) -> _Accepted | None:
    try:
        parameters = inspect.signature(target).parameters.values()
    except (ValueError, TypeError):
        return None
    named = [p for p in parameters if p.kind in _KEYWORD_KINDS]
    return _Accepted(
        names=tuple(p.name for p in named),
        required=tuple(p.name for p in named if p.default is p.empty),
        more=any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


def _check(accepted: _Accepted, dotted: str, given: Collection[str]) -> None:
    unknown = [name for name in given if name not in accepted.names]
    if unknown and not accepted.more:
        raise ConfigError(_not_accepted(unknown[0], dotted, accepted.names, given))
    missing = [name for name in accepted.required if name not in given]
    if missing:
        listed = " and ".join(f"`{name}`" for name in missing)
        raise ConfigError(f"`{dotted}` needs {listed}, which is not given.")


def _own_error(
    err: Exception,
    target: Callable[..., Any],
    dotted: str,
    kwargs: Mapping[str, Any],
) -> str:
    """The message for `err` that `target` raised.

    A keyword may have gone through `**kwargs` to a function further in, which refused it.
    """
    accepted = _accepted(target)
    match = _UNEXPECTED.search(str(err)) if isinstance(err, TypeError) else None
    name = match[1] if match else ""
    if name in kwargs and (accepted is None or (accepted.more and name not in accepted.names)):
        return _not_accepted(name, dotted, _all_names(target, accepted), kwargs)
    return f"`{dotted}` raised {type(err).__name__}: {err}"


def _all_names(target: Callable[..., Any], accepted: _Accepted | None) -> tuple[str, ...]:
    """The keywords of `target` and of each base's constructor that its `**kwargs` reach."""
    names = dict.fromkeys(accepted.names if accepted else ())
    for base in target.__mro__ if isinstance(target, type) else ():
        init = _accepted(base.__dict__["__init__"]) if "__init__" in base.__dict__ else None
        if init is None:
            continue
        names |= dict.fromkeys(init.names[1:])  # the first is self
        if not init.more:
            break
    return tuple(names)


def _not_accepted(name: str, dotted: str, names: tuple[str, ...], given: Collection[str]) -> str:
    hint = did_you_mean(name, [known for known in names if known not in given])
    takes = f"It accepts: {', '.join(names)}." if names else "It accepts no keyword."
    return f"`{dotted}` has no argument `{name}`{hint}. {takes}"
