"""Whether what a table holds is what is written there: looked at once, where it is read.

A file may be cut, edited, or a stranger's. What comes out of here has the types and the bounds that
all of the program counts on.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Record = TypeVar("_Record")

# What a value makes that nobody wrote, in whatever takes it apart.
_ODD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    struct.error,
)
_KINDS = (
    (sa.Integer, int),
    (sa.Float, float),
    (sa.Text, str),
    (sa.LargeBinary, bytes),
)
_TRIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_LONGEST = 200  # of what is said of a value
MOST = 1 << 53  # of numbers and counts: what a float64 still tells apart
LATEST = 253402300800.0  # of times: the end of the year 9999


class OddRecordError(Exception):
    """A record that no driver wrote. The message: of which table, and what was found."""


def records(
    query: sa.Select[Any],
    found: Iterable[Sequence[Any]],
    make: Callable[[Any], _Record],
) -> Iterator[_Record]:
    """Each row that `query` found, as `make` makes it. Raises OddRecordError."""
    columns = list(query.selected_columns)
    sound: set[tuple[type, ...]] = set()
    for row in found:
        kinds = tuple(map(type, row))
        if kinds not in sound:
            _check_kinds(columns, kinds)
            sound.add(kinds)
        try:
            record = make(row)
        except _ODD as error:
            said = f"{type(error).__name__}: {error}"[:_LONGEST]
            raise OddRecordError(
                f"a record of {_tables(columns)} makes no sense ({said})"
            ) from error
        yield record


def _check_kinds(columns: Sequence[Any], kinds: Sequence[type]) -> None:
    for column, kind in zip(columns, kinds, strict=True):
        if kind is type(None) and getattr(column, "nullable", False):
            continue
        expected = next(one for of, one in _KINDS if isinstance(column.type, of))
        if kind is not expected:
            raise OddRecordError(
                f"a record of {_tables(columns)} has {kind.__name__} for {column.name}, not"
                f" {expected.__name__}"
            )


def _tables(columns: Sequence[Any]) -> str:
    names = dict.fromkeys(one.table.name for one in columns if hasattr(one, "table"))
    return " and ".join(str(name) for name in names)


# ------------------------------------------------------------------ of values
def count(value: int, *, least: int = 0) -> int:
    """A whole number within sound bounds. Raises ValueError."""
    if not least <= value <= MOST:
        raise ValueError(f"{value} is not between {least} and {MOST}")
    return value


def moment(value: float) -> float:
    """A time that a clock can show. Raises ValueError."""
    if not 0.0 <= value < LATEST:
        raise ValueError(f"{value} is no time")
    return value


def trial_id(value: str) -> str:
    """An id, which names a folder too. Raises ValueError."""
    if not _TRIAL.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is no trial's id")
    return value


def words(value: Any) -> Mapping[str, str]:
    """A map of names to texts. Raises TypeError."""
    if not all(isinstance(item, str) for item in mapping(value).values()):
        raise TypeError("not a map of names to texts")
    return dict(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """A map of names. Raises TypeError."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise TypeError("not a map of names")
    return value


def items(value: Any, kind: type[_Record] | None = None) -> tuple[_Record, ...]:
    """A list, of one type if that is asked. Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    if kind is not None and not all(type(item) is kind for item in value):
        raise TypeError(f"not a list of {kind.__name__}")
    return tuple(value)
