"""A hyper-parameter's number as a graph's constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytensor.graph.basic import Variable

from pylearn2core.utils import constantX

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def hyper(value: Any) -> Symbol:
    """Return `value` as a 0-d constant of floatX; a symbolic value is handed back as it is.

    Plain Python numbers get the narrowest type that holds them (0.5 float32, 0.1 float64, 3
    int8), so two trials that differ in one number would have graphs of different types, and
    each would be compiled anew.
    """
    return value if isinstance(value, Variable) else constantX(value)
