"""What an experiment yields, as rows: which channels are kept, and how they are packed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from numbers import Real
from struct import Struct
from typing import Any, TypeAlias

from pylearn2core.engine import Loop, Record
from pylearn2core.errors import ConfigError
from pylearn2core.train import Train
from pylearn2core.words import did_you_mean, shortened
from sweeper.records import text

Values = Mapping[str, float]

_TOLD = 300  # characters

log = logging.getLogger(__name__)


def loop_of(experiment: Any, after: int = 0) -> Loop:
    """An experiment's loop: of a Train, or of any object that yields rows.

    after: the epoch that a state was loaded of. A Train knows it by itself; its first record is of
    epoch 0, before training, and a plain experiment's is of epoch 1.
    Raises ConfigError for an object that yields no rows.
    """
    if isinstance(experiment, Train):
        return experiment.loop()
    if not isinstance(experiment, Iterable) or isinstance(experiment, str | bytes | Mapping):
        raise ConfigError(
            f"the experiment is {_kind(experiment)}: expected a Train, a list of them, or an "
            "object that yields rows (mappings of channel names to numbers) when iterated."
        )
    return _plain_loop(experiment, after)


def _plain_loop(experiment: Iterable[Any], after: int) -> Loop:
    told: set[Any] = set()
    for epoch, row in enumerate(experiment, start=after + 1):
        yield Record(epoch, _checked(row, told))


def _checked(row: Any, told: set[Any]) -> Values:
    """The row's numbers. told: channels of which it was said that they are none.

    Text and None beside numbers are passed over: they are notes for a person.
    """
    if type(row) is dict and _types(row) <= _TEXT and _types(row.values()) <= _FLOAT:
        return row  # as most are
    if not isinstance(row, Mapping):
        raise ConfigError(
            f"the experiment yielded {_kind(row)}: expected a row, a mapping of channel names to "
            "numbers, such as {'valid_error': 0.1}."
        )
    notes = [name for name, value in row.items() if value is None or isinstance(value, str)]
    if len(notes) == len(row):
        notes = []  # no number is there: this is no row
    for name in notes:
        if name not in told:
            log.warning("channel %r: %s is no number; not recorded", name, _kind(row[name]))
            told.add(name)
    return {str(name): _number(name, value) for name, value in row.items() if name not in notes}


_TEXT, _FLOAT = {str}, {float}


def _types(values: Iterable[Any]) -> set[type]:
    return set(map(type, values))


def _number(name: Any, value: Any) -> float:
    if getattr(value, "size", 0) == 1 and hasattr(value, "item") and not isinstance(value, Real):
        value = value.item()  # of an array, which float() takes or not by its shape
    # NumPy's and PyTorch's scalars are numbers to float(), and so is the text '0.5': not to us.
    if isinstance(value, Real) or (hasattr(value, "__float__") and not isinstance(value, str)):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise ConfigError(
        f"channel {shortened(repr(name), _TOLD)}: the experiment yielded {_kind(value)}: expected a"
        " number (NaN and infinity are recorded too)."
    )


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    try:
        shown = shortened(repr(value), _TOLD)
    except Exception:  # an int of very many digits; whatever a user's own class raises
        shown = "something that can't be shown"
    return f"{shown} ({type(value).__name__})"


# Of the channels that are kept: their names as the rows have them, as they are told, and a packer.
_Shape: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], Struct]


class ChannelFilter:
    """Keeps the channels that one of the globs matches; packs their values as float64."""

    def __init__(self, globs: Sequence[str]) -> None:
        self._globs = tuple(globs)
        self._idle = set(globs)
        self._known: dict[str, None] = {}
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def pack(self, values: Values) -> tuple[tuple[str, ...], bytes]:
        """(names, packed values). Rows of the same channels share one tuple of names."""
        names = tuple(values)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._new_shape(names)
        kept, told, struct = shape
        return told, struct.pack(*map(values.__getitem__, kept))

    def _new_shape(self, names: tuple[str, ...]) -> _Shape:
        kept = tuple(name for name in names if self._matches(name))
        told = tuple(text.kept(name, text.CHANNEL) for name in kept)
        self._known |= dict.fromkeys(text.kept(name, text.CHANNEL) for name in names)
        shape = kept, told if told != kept else kept, Struct(f"{len(kept)}d")
        if max(map(len, names), default=0) <= text.CHANNEL:
            self._shapes[names] = shape
        return shape

    def _matches(self, name: str) -> bool:
        matching = [glob for glob in self._globs if fnmatchcase(name, glob)]
        self._idle.difference_update(matching)
        return bool(matching)

    @property
    def complaint(self) -> str:
        """Says which globs no channel has matched so far; "" where each one did."""
        idle = [glob for glob in self._globs if glob in self._idle]
        if not idle or not self._known:
            return ""
        meant = did_you_mean(idle[0], self._known)
        there_are = shortened(", ".join(sorted(self._known)), _TOLD)
        return f"no channel matches {' or '.join(idle)}{meant}: there are {there_are}"
