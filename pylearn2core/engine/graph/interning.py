"""Interning: numbers for Ops and types, so that keys of graphs are made of integers.

Ops and types compare by their fields, in Python, about 4 microseconds each time: a key is hashed
and compared whole for every trial. Equal ones get one number, which no other ever gets.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

from pytensor.scalar.basic import ScalarType
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.type import TensorType

_KEPT = 4096
_fresh = itertools.count()
_numbers: dict[Hashable, int] = {}
# By the object's id, which stays its own while the entry holds it: no other key is as quick.
_same: dict[int, tuple[Any, int]] = {}
# Where PyTensor's own Ops of a few plain fields are. Others may hold whole graphs.
_PLAIN = frozenset(
    f"pytensor.tensor.{name}" for name in ("basic", "elemwise", "math", "shape", "subtensor")
)


def number_of_op(op: Any) -> Hashable:
    """A number for the Op, or the Op itself where to keep it might be to keep a graph."""
    known = _same.get(id(op))
    if known is not None:
        return known[1]
    inner = op.core_op if type(op) is Blockwise else op
    return _number(op) if type(inner).__module__ in _PLAIN else op


def number_of_type(kind: Any) -> Hashable:
    """A number for the type of a tensor or of a scalar, or the type itself."""
    if type(kind) is TensorType:
        fields: Hashable = kind.dtype, kind.shape
    elif type(kind) is ScalarType:
        fields = kind.dtype
    else:
        return kind  # type: ignore[no-any-return]
    return _numbers.get(fields) or _new(fields)


def _number(op: Any) -> int:
    number = _numbers.get(op)
    if number is None:
        number = _new(op)
    if len(_same) >= _KEPT:
        _same.clear()
    _same[id(op)] = op, number
    return number


def _new(value: Hashable) -> int:
    # What is numbered anew after this matches no older key: a program more, never a wrong one. All
    # go at once, for keys made from some old numbers and some new ones would match nothing twice.
    if len(_numbers) >= _KEPT:
        _numbers.clear()
        _same.clear()
    number = _numbers[value] = next(_fresh) + 1
    return number
