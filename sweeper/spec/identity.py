"""When two values, or two points, are one; a trial's id is its values alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from sweeper.records import Value

ID_LENGTH = 12
"""Characters of five bits: 60 bits."""


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
# Two digits of base 32 each: base64.b32encode takes six times as long.
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


def canonical(name: str, value: Value) -> str:
    """Return `"name":value` as JSON in which 1, 1.0, true and "1" differ and maps are sorted."""
    return f"{_encode(name)}:{_encode(value)}"


def trial_id(parts: Iterable[str]) -> str:
    """Return the id of a trial: a hash of the canonical text of its values.

    parts: of `canonical`, in any order.
    """
    text = "{" + ",".join(sorted(parts)) + "}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 4
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(50, -10, -10)])


def id_of(values: Mapping[str, Value]) -> str:
    """Return the id of the trial with these values."""
    return trial_id(canonical(name, value) for name, value in values.items())


def same(a: Value, b: Value) -> bool:
    """Tell whether two values are equal and of one type, all the way down."""
    return canonical("", a) == canonical("", b)
