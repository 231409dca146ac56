"""What the records have in common: plain values, and speed where millions of them travel."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

# None, bool, int, float, str, a list of values, or a map of names to values.
Value: TypeAlias = Any
Record = TypeVar("Record")


def pickles_fast(cls: type[Record]) -> type[Record]:
    """Pickle a frozen record as its class and its fields' values.

    What dataclasses do themselves takes twice as long, and 13 records travel for a small trial.
    """
    values = attrgetter(*(one.name for one in fields(cls)))  # type: ignore[arg-type]
    cls.__reduce__ = lambda self: (cls, values(self))  # type: ignore[method-assign]
    return cls


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414  (mypy: what is exported)
else:

    def replace(record, /, **changes):
        """What `dataclasses.replace` does for a record with slots, in half the time.

        A small trial goes through a dozen of them. Names are checked with the types, not here.
        """
        made = object.__new__(type(record))
        for name, get, put in _slots(type(record)):
            put(made, changes[name] if name in changes else get(record))
        return made


@cache
def _slots(cls: type) -> tuple[tuple[str, Any, Any], ...]:
    found = [(name, getattr(cls, name)) for name in cls.__slots__]  # type: ignore[attr-defined]
    return tuple((name, slot.__get__, slot.__set__) for name, slot in found)
