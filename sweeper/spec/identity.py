"""When two values, or two points, are one; a trial's id."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

from sweeper.records import Value

ID_LENGTH = 12
"""Characters of five bits: 60 bits."""


def canonical(name: str, value: Value) -> str:
    """Return `"name":value` as JSON in which 1, 1.0, true and "1" differ and maps are sorted."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"{json.dumps(name)}:{text}"


def trial_id(parts: Iterable[str]) -> str:
    """Return the id of a trial: a hash of the canonical text of its values.

    parts: of `canonical`, in any order.
    """
    text = "{" + ",".join(sorted(parts)) + "}"
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest[:10]).decode()[:ID_LENGTH].lower()


def id_of(values: Mapping[str, Value]) -> str:
    """Return the id of the trial with these values."""
    return trial_id(canonical(name, value) for name, value in values.items())


def same(a: Value, b: Value) -> bool:
    """Tell whether two values are equal and of one type, all the way down."""
    return canonical("", a) == canonical("", b)
