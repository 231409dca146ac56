"""What a long-lived process keeps: tables of a bounded size, and numbers that stand for objects."""

from __future__ import annotations

import itertools
import weakref
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V], Generic[K, V]):
    """A dict of at most `most` entries: for a new one the oldest goes.

    An entry is as old as its last `recall`, or as its key where nobody recalls. `update` and
    `setdefault` are a dict's own and know no bound.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        if key not in self:
            while len(self) >= self.most:
                del self[next(iter(self))]
        super().__setitem__(key, value)

    def recall(self, key: K) -> V | None:
        """The value, whose entry is the newest from now on; None where there is none."""
        found = self.pop(key, None)
        if found is not None:
            super().__setitem__(key, found)
        return found


class _Reference(weakref.ref[Any]):
    """A reference that knows where its object lay."""

    __slots__ = ("place",)
    place: int


_fresh = itertools.count(1)
_numbers: dict[int, tuple[int, _Reference]] = {}  # by the object's id


def identity(thing: object) -> int:
    """A number for this very object, which no other object ever gets, whatever equals what.

    It keeps nothing alive. An id is good for as long as its object lives: another one may lie in
    the same place later.
    """
    known = _numbers.get(id(thing))
    if known is not None:
        return known[0]
    reference = _Reference(thing, _forget)
    reference.place = id(thing)
    number = next(_fresh)
    _numbers[reference.place] = number, reference
    return number


def _forget(reference: _Reference) -> None:
    """Its object is gone."""
    _numbers.pop(reference.place, None)
