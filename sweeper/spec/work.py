"""What templates do, counted: the size of each value that they make, and all their operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from jinja2 import TemplateRuntimeError
from jinja2.utils import Namespace
from markupsafe import Markup

from sweeper.spec.limits import (
    MAX_BITS,
    MAX_DEPTH,
    MAX_KEPT,
    MAX_SIZE,
    WORK,
    WORK_A_RENDERING,
    WORK_ONCE,
)

OPERATION = 8
"""Units of the work of one operation."""

CHARACTERS = 4
"""Characters that count as much as an item of a list."""


class LimitError(TemplateRuntimeError):
    """A template makes, or does, more than it may."""


def too_large(what: str = "a value") -> LimitError:
    """Return the error for a value that is too large. what: names it, or what would make it."""
    return LimitError(
        f"{what} would come to more than {MAX_SIZE * CHARACTERS:,} characters or {MAX_SIZE:,} items"
    )


def too_long() -> LimitError:
    """Return the error for a whole number that is too long."""
    return LimitError(f"a whole number would have more than {MAX_BITS * 3 // 10:,} digits")


class Work:
    """What the renderings of one template may still do, and what they keep.

    left: of the rendering that runs.    rest: of those after it.
    """

    __slots__ = ("kept", "left", "rest")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all that was done and kept."""
        self.left = self.kept = 0
        self.rest = WORK

    def begin(self) -> None:
        """Begin a rendering."""
        total = self.left + self.rest + WORK_A_RENDERING
        self.left = min(total, WORK_ONCE)
        self.rest = total - self.left

    def spend(self, units: int) -> None:
        """Count work. Raises LimitError where too much has been done."""
        self.left -= units
        if self.left < 0:
            raise LimitError(
                f"too much work: at most {WORK_ONCE // OPERATION:,} operations are done for one "
                f"trial, {WORK // OPERATION:,} for all. Look for a loop that is too long"
            )

    def keep(self, size: int) -> None:
        """Count what is kept to the end. Raises LimitError where that is too much."""
        self.kept += size
        if self.kept > MAX_KEPT:
            raise LimitError(
                f"what all trials print comes to more than {MAX_KEPT:,} values, or "
                f"{MAX_KEPT * CHARACTERS:,} characters"
            )


# ------------------------------------------------------------------ sizes
def size_of(value: Any, depth: int = 0) -> int:
    """Return the size of a value, what is shared in it counted each time.

    Raises LimitError for one that is larger, deeper, or a longer number than a template may make.
    """
    size = _SIZES.get(type(value), _other)(value, depth)
    if size > MAX_SIZE:
        raise too_large()
    return size


def _one(_value: Any, _depth: int) -> int:
    return 1


def _text(value: Any, _depth: int) -> int:
    return 1 + len(value) // CHARACTERS


def _int(value: int, _depth: int) -> int:
    if value.bit_length() > MAX_BITS:
        raise too_long()
    return 1


def _items(value: Iterable[Any], depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise LimitError(f"a value would be nested more than {MAX_DEPTH} deep")
    total = 1
    for item in value:
        total += size_of(item, depth + 1)
        if total > MAX_SIZE:
            raise too_large()
    return total


def _list(value: list[Any] | tuple[Any, ...], depth: int) -> int:
    # Long ones are of one kind as a rule, and the built-in functions are ten times as fast.
    if len(value) > _LONG:
        kinds = set(map(type, value))
        if kinds <= _ATOMS:
            return 1 + len(value)
        if kinds <= _NUMBERS:
            return len(value) + _int(max(value), depth) * _int(min(value), depth)
    return _items(value, depth)


def _dict(value: dict[Any, Any], depth: int) -> int:
    return _items(chain.from_iterable(value.items()), depth)


def _range(value: range, _depth: int) -> int:
    return 1 + len(value)


def _namespace(value: Namespace, depth: int) -> int:
    # Its text is that of its attributes.
    return _dict(object.__getattribute__(value, "_Namespace__attrs"), depth)


def _other(value: Any, depth: int) -> int:
    is_text = isinstance(value, str | bytes)
    return _text(value, depth) if is_text else 1


_LONG = 20
_ATOMS = {type(None), bool, float}
_NUMBERS = {bool, int}
_SIZES: dict[type, Callable[[Any, int], int]] = {
    **dict.fromkeys(_ATOMS, _one),
    **dict.fromkeys((str, Markup, bytes), _text),
    **dict.fromkeys((list, tuple), _list),
    **dict.fromkeys((set, frozenset), _items),
    **dict.fromkeys((type({}.keys()), type({}.values()), type({}.items())), _items),
    int: _int,
    dict: _dict,
    range: _range,
    Namespace: _namespace,
}
