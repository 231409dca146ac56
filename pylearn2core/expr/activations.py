"""Activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def identity(x: Symbol) -> Symbol:
    """The input itself."""
    return x


def relu(x: Symbol) -> Symbol:
    """max(0, x)."""
    return pt.switch(x > 0, x, pt.zeros_like(x))
