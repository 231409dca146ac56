"""Pylearn2's parts on PyTensor and JAX, under Pylearn2's own dotted names."""

from __future__ import annotations

import os as _os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping as _MutableMapping


def _hand_on_float_x(environ: _MutableMapping[str, str]) -> None:
    """Write floatX of THEANO_FLAGS into PYTENSOR_FLAGS, unless that sets it already.

    PyTensor reads its flags at its first import, so this runs before any module of ours needs it.
    """
    pytensor = environ.get("PYTENSOR_FLAGS", "")
    if _flag(pytensor, "floatX") is not None:
        return
    float_x = _flag(environ.get("THEANO_FLAGS", ""), "floatX")
    if float_x is not None:
        environ["PYTENSOR_FLAGS"] = ",".join(filter(None, [pytensor, f"floatX={float_x}"]))


def _flag(flags: str, name: str) -> str | None:
    """The last value of `name` in `a=1,b=2`, as Theano reads such a list."""
    found = None
    for item in flags.split(","):
        key, _, value = item.partition("=")
        if key.strip() == name:
            found = value.strip()
    return found


_hand_on_float_x(_os.environ)
