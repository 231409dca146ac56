"""Activation functions by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.special import softmax

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.elementwise import rectify
from pylearn2core.theano.tensor import nnet

_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "identity": lambda x: x,
    "sigmoid": pt.sigmoid,
    "tanh": pt.tanh,
    "softplus": pt.softplus,
    "softmax": lambda x: softmax(x, axis=-1),
    "relu": rectify,
    "rectifier": rectify,
}


def activation(function: Any, argument: str) -> Callable[[Any], Any] | None:
    """A callable for a name or a callable; None, or a name for it, stays None: linear.

    argument: the name of the constructor's argument, for the error.
    """
    if function is None or function in {"linear", "identity"}:
        return None
    if callable(function):
        return function  # type: ignore[no-any-return]
    found = _named(function) if isinstance(function, str) else None
    if found is None:
        raise ConfigError(
            f"{argument}: expected a function, null, one of {', '.join(_BY_NAME)} or another "
            f"function's name in theano.tensor.nnet or theano.tensor, got {function!r}."
        )
    return found


def _named(name: str) -> Callable[[Any], Any] | None:
    """The function of that name: one of ours, or Theano's."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    found = getattr(nnet, name, None) or getattr(pt, name, None)
    return found if callable(found) and not isinstance(found, type) else None
