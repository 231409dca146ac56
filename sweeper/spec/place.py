"""A value of the header together with where it stands, so that each complaint can say so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from pylearn2core.config.nodes import (
    MARKER,
    Mapping,
    Node,
    Scalar,
    Sequence,
    join_path,
)
from pylearn2core.errors import Where
from pylearn2core.words import did_you_mean, shortened
from sweeper.records.errors import InputError

_PATH = 200
_PARAGRAPH = 1500
_LISTED = 30


def input_error(message: str, where: Where) -> InputError:
    """Return the error `FILE, line N, KEY.PATH: message`, all of it a paragraph's length."""
    place = str(Where(where.source, where.line, shortened(where.path or "", _PATH) or None))
    message = shortened(message, _PARAGRAPH)
    return InputError(f"{place}: {message}" if place else message)


@dataclass(frozen=True, slots=True)
class Place:
    """value: plain data at `path` of the header.    root: the whole header, for the lines.

    A node of line 0 is of no file.
    """

    source: str
    root: Node
    value: Any
    path: tuple[str | int, ...] = ()

    def child(self, key: Any) -> Place:
        """Return the place of `value[key]`."""
        part = key if isinstance(key, int) else str(key)
        return Place(self.source, self.root, self.value[key], (*self.path, part))

    def where(self) -> Where:
        """Return file, line and key path."""
        line = _walk(self.root, self.path)[0]
        return Where(self.source, line or None, join_path(self.path))

    def node(self) -> Node | None:
        """Return the node here, None where a template's expression gave the value."""
        return _walk(self.root, self.path)[1]

    def error(self, message: str) -> InputError:
        """Return the error that says `message` of this place."""
        return input_error(message, self.where())

    def wrong(self, expected: str, advice: str) -> InputError:
        """Return the error for a value of the wrong kind."""
        return self.error(f"expected {expected}, got {describe(self.value)}. {advice}")

    def items(self, what: str) -> list[tuple[str, Place]]:
        """Return the entries of a map with names for keys. what: says what was expected."""
        if not isinstance(self.value, dict):
            raise self.wrong(what, "Write it as a map: `name: value`, one a line.")
        for key in self.value:
            if not isinstance(key, str):
                raise self.error(f"the key {shown(key)} is no name: {describe(key)}. Write a name.")
        return [(key, self.child(key)) for key in self.value]

    def entries(self, what: str, advice: str) -> list[Place]:
        """Return the places of a list's items. what: says what was expected."""
        if not isinstance(self.value, list):
            raise self.wrong(what, advice)
        return [self.child(i) for i in range(len(self.value))]

    def check_keys(self, known: Iterable[str]) -> None:
        """Raise InputError for a key that is not among `known`."""
        known = tuple(known)
        for key, place in self.items(f"a map with the keys {listed(known)}"):
            if key not in known:
                meant = did_you_mean(key, known)
                raise place.error(f"unknown key{meant}. The keys here are {listed(known)}.")


def _walk(node: Node, path: tuple[str | int, ...]) -> tuple[int, Node | None]:
    """Return the line of the key or item that `path` leads to, or of the last part found; its node.

    No node where a part is not found.
    """
    line = node.line
    for part in path:
        if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            line = node.line
            continue
        found = _keys(node).get(part) if isinstance(node, Mapping) else None
        if found is None:
            return line, None
        line, node = found[0].line, found[1]
    return line, node


@lru_cache(maxsize=64)
def _keys(node: Mapping) -> dict[str | int, tuple[Node, Node]]:
    return {str(key.value): (key, value) for key, value in node.pairs if isinstance(key, Scalar)}


def listed(names: Iterable[str]) -> str:
    """Write names as `a, b and c`, the first of very many."""
    *first, last = _some(names) or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def _some(names: Iterable[str]) -> list[str]:
    found = [shortened(name) for name in names]
    if len(found) > _LISTED:
        found[_LISTED - 1 :] = [f"{len(found) - _LISTED + 1:,} more"]
    return found


def describe(value: Any) -> str:
    """Say what a value is: `the string 'x'`, `the number 3`, `a map`."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a map"
    return f"{value} (a {type(value).__name__})"


def amount(number: int) -> str:
    """Write a count, one that is too long to read as a power of ten."""
    digits = len(str(number)) if number < 10**400 else 400
    return f"{number:,}" if digits <= 40 else f"more than 10^{digits - 1}"


def shown(value: Any) -> str:
    """A value as Python writes it, its head and tail where that is long."""
    return shortened(repr(value))


def assigned(values: MappingOf[str, Any]) -> str:
    """Write a point's values as `a=1, b='x'`, the first of very many."""
    return ", ".join(_some(f"{name}={shown(value)}" for name, value in values.items()))


def is_number(value: Any) -> bool:
    """Tell whether `value` is a finite int or float (a bool is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def checked_value(place: Place, *, finite: bool = True) -> Any:
    """Return the value, which a trial may have: null, bool, finite number, string, list, map.

    finite: False allows NaN and infinity too.
    Raises InputError for a date, a number that is not finite, a map's key that is no string.
    """
    value = place.value
    if isinstance(value, list):
        for i in range(len(value)):
            checked_value(place.child(i), finite=finite)
    elif isinstance(value, dict):
        for _, inner in place.items("a map"):
            checked_value(inner, finite=finite)
    elif isinstance(value, str):
        _check_string(place, value)
    elif isinstance(value, float):
        if finite and not math.isfinite(value):
            raise place.error(f"the value {value} is not finite. Use a number, or null for none.")
    elif isinstance(value, date):
        raise place.error(f"{value} is read as a date. For a string, put it in quotes.")
    elif value is not None and not isinstance(value, bool | int):
        raise place.error(f"a {type(value).__name__} can't be a value of a trial.")
    return value


def _check_string(place: Place, value: str) -> None:
    if MARKER in value:
        raise place.error(f"a value can't contain {MARKER!r}, a mark of the renderer's own.")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise place.error(f"{shown(value)} holds half a character, which no file can. Remove it.")


def whole_number(place: Place, *, least: int) -> int:
    """Return the int at `place`. Raises InputError for another thing, or one below `least`."""
    value = place.value
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise place.wrong(f"a whole number of at least {least}", f"Write {max(least, 1)}, say.")
    return value
