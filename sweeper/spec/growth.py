"""What makes much of little: for each such operation, filter and method, how many characters.

Each function takes what the operation takes and returns an upper bound of the characters of its
result, an item of a list for four; too many are refused before they are made. What is not in these
tables makes no more than a few times what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sweeper.spec.limits import MAX_BITS, MAX_DEPTH, MAX_SIZE
from sweeper.spec.work import CHARACTERS, size_of, too_large, too_long

Bound = Callable[..., int]
_ALL = MAX_SIZE * CHARACTERS + 1
_DIRECTIVE = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d*)(?:\.(\*|\d*))?")
_DIGITS = re.compile(r"\d+")


def check(what: str, bound: Bound, *args: Any, **kwargs: Any) -> None:
    """Raise LimitError where `what`, given these arguments, would make too much."""
    try:
        characters = bound(*args, **kwargs)
    except TypeError:
        return  # arguments that it does not take either: it says so itself
    if characters >= _ALL:
        raise too_large(what)


def width_of(spec: str) -> int:
    """How many characters the numbers of a format's `spec` ask for."""
    return sum(_number(digits) for digits in _DIGITS.findall(spec))


def _number(digits: str) -> int:
    return int(digits) if len(digits) < len(str(_ALL)) else _ALL


def _n(value: Any) -> int:
    """A width: a number, or the characters of a text."""
    if isinstance(value, int):
        return max(int(value), 0)
    return len(value) if isinstance(value, str | bytes) else 0


def _count(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 0


# ------------------------------------------------------------------ operators
def _times(left: Any, right: Any) -> int:
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(right, int) or isinstance(left, int | float):
        return 0
    size = len(left) if isinstance(left, str | bytes) else CHARACTERS * size_of(left)
    return size * _n(right)


def _power(left: Any, right: Any) -> int:
    if not (isinstance(left, int) and isinstance(right, int)) or abs(left) < 2 or right < 0:
        return 0
    if left.bit_length() * right > MAX_BITS:
        raise too_long()
    return 0


def _percent(left: Any, right: Any) -> int:
    if not isinstance(left, str | bytes):
        return 0
    text = left if isinstance(left, str) else left.decode("latin-1")
    given = right if isinstance(right, tuple) else (right,)
    largest = max([_n(one) for one in given if isinstance(one, int)], default=0)
    fields = [field for found in _DIRECTIVE.findall(text) for field in found if field]
    return sum(largest if field == "*" else _number(field) for field in fields)


OPERATORS: Mapping[str, Bound] = {"*": _times, "**": _power, "%": _percent}


# ------------------------------------------------------------------ methods of text and numbers
def _translated(text: Any, table: Any, *_: Any) -> int:
    values = table.values() if isinstance(table, dict) else ()
    return len(text) * max([_n(v) for v in values if isinstance(v, str)], default=1)


METHODS: Mapping[str, Bound] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill"), lambda _, width, *__: _n(width)),
    "expandtabs": lambda text, tabsize=8: text.count(text[:0] + _like(text, "\t")) * _n(tabsize),
    "join": lambda text, items: len(text) * _count(items),
    "replace": lambda text, old, new, *_: text.count(old) * _n(new),
    "translate": _translated,
    "to_bytes": lambda _, length=1, *__, **___: _n(length),
}


def _like(text: Any, other: str) -> Any:
    return other.encode() if isinstance(text, bytes) else other


# ------------------------------------------------------------------ filters
def _indented(text: Any, width: Any = 4, *_: Any, **__: Any) -> int:
    return (str(text).count("\n") + 1) * _n(width)


def _wrapped(
    text: Any, width: Any = 79, broken: Any = True, wrapstring: Any = None, *_: Any, **__: Any
) -> int:
    return len(str(text)) * (1 if wrapstring is None else _n(wrapstring))


def _json(value: Any, indent: Any = None) -> int:
    return _n(indent) * size_of(value) * MAX_DEPTH if indent is not None else 0


def _links(
    text: Any, trim: Any = None, nofollow: Any = False, target: Any = None, rel: Any = None, *_: Any
) -> int:
    return (len(str(text)) // 2 + 1) * (_n(target or "") + _n(rel or ""))


def _sum(items: Any, attribute: Any = None, start: Any = 0) -> int:
    # Lists are added one after the other, and each sum is a new list.
    return 0 if isinstance(start, int | float) else _count(items) ** 2


FILTERS: Mapping[str, Bound] = {
    "batch": lambda _, linecount, fill_with=None: CHARACTERS * _n(linecount),
    "center": lambda _, width=80: _n(width),
    "format": lambda text, *args, **kwargs: _percent(text, kwargs or args),
    "indent": _indented,
    "join": lambda items, d="", attribute=None: _count(items) * _n(d),
    "replace": lambda text, old, new, count=None: str(text).count(old) * _n(new),
    "round": lambda _, precision=0, method="common": _ALL if _n(precision) > MAX_DEPTH else 0,
    "slice": lambda _, slices, fill_with=None: CHARACTERS * _n(slices),
    "sum": _sum,
    "tojson": _json,
    "urlize": _links,
    "wordwrap": _wrapped,
}
