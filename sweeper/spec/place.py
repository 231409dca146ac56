"""A value of the header together with where it stands, so that each complaint can say so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
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
from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError


def input_error(message: str, where: Where) -> InputError:
    """Return the error `FILE, line N, KEY.PATH: message`."""
    place = str(where)
    return InputError(f"{place}: {message}" if place else message)


@dataclass(frozen=True, slots=True)
class Place:
    """value: plain data at `path` of the header.    root: the whole header, for the lines."""

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
        return Where(self.source, _line(self.root, self.path), join_path(self.path))

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
                raise self.error(f"the key {key!r} is no name: {describe(key)}. Write a name.")
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


def _line(node: Node, path: tuple[str | int, ...]) -> int:
    """Return the line of the key or item that `path` leads to, or of the last part found."""
    line = node.line
    for part in path:
        if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            line = node.line
            continue
        pairs = node.pairs if isinstance(node, Mapping) else ()
        found = [p for p in pairs if isinstance(p[0], Scalar) and str(p[0].value) == part]
        if not found:
            break
        line, node = found[0][0].line, found[0][1]
    return line


def listed(names: Iterable[str]) -> str:
    """Write names as `a, b and c`."""
    *first, last = list(names) or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def describe(value: Any) -> str:
    """Say what a value is: `the string 'x'`, `the number 3`, `a map`."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value!r}"
    if isinstance(value, str):
        return f"the string {value!r}"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a map"
    return f"{value} (a {type(value).__name__})"


def is_number(value: Any) -> bool:
    """Tell whether `value` is a finite int or float (a bool is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def checked_value(place: Place) -> Any:
    """Return the value, which a trial may have: null, bool, finite number, string, list, map.

    Raises InputError for a date, a number that is not finite, a map's key that is no string.
    """
    value = place.value
    if isinstance(value, list):
        for i in range(len(value)):
            checked_value(place.child(i))
    elif isinstance(value, dict):
        for _, inner in place.items("a map"):
            checked_value(inner)
    elif isinstance(value, str):
        _check_string(place, value)
    elif isinstance(value, float):
        if not math.isfinite(value):
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
        raise place.error(f"{value!r} holds half a character, which no file can. Remove it.")


def whole_number(place: Place, *, least: int) -> int:
    """Return the int at `place`. Raises InputError for another thing, or one below `least`."""
    value = place.value
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise place.wrong(f"a whole number of at least {least}", f"Write {max(least, 1)}, say.")
    return value
