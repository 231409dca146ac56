"""Data on the device, put there once and used by every trial that asks for the same array.

What does not fit there stays on the host and passes by in chunks (stream.py).
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from operator import is_
from typing import Any

import jax
import numpy as np

from pylearn2core.cache import identity
from pylearn2core.engine.data import device_memory
from pylearn2core.engine.data.shared import digest, is_shared, shared
from pylearn2core.engine.data.stream import HostRows, chunk_bytes
from pylearn2core.errors import ConfigError

# (identity of the host array, its space, the space asked for) -> the array on the device
_resident: dict[Hashable, Any] = {}
# The same by content: each trial may build its data anew, and it is the same data.
_by_content: weakref.WeakValueDictionary[Hashable, Any] = weakref.WeakValueDictionary()
# The arrays that stay on the host, by the key of `_resident`. Their content is not looked at: it is
# large.
_streamed: weakref.WeakValueDictionary[Hashable, HostRows] = weakref.WeakValueDictionary()
# Programs need room beside the data.
_PART_FOR_DATA = 0.5


def limit() -> int:
    """Bytes of data that may be on the device at once."""
    return int(_PART_FOR_DATA * device_memory.available())


def bytes_on_device() -> int:
    """Bytes of data that are there now."""
    return sum(int(array.nbytes) for array in _by_content.values())


def placed(offered: Sequence[tuple[Any, Any]], wanted: Sequence[Any]) -> tuple[Any, ...]:
    """A dataset's arrays, (array, space of its rows), as a program takes them.

    On the device, or all of them as HostRows where they do not fit beside what is there.
    """
    pairs = [(*one, space) for one, space in zip(offered, wanted, strict=True)]
    if all(_key(*one) in _resident for one in pairs):
        return tuple(resident(*one) for one in pairs)
    most = limit()
    rows = [_on_host(*one, chunk_bytes(most)) for one in pairs]
    size = sum(len(one) * one.row_bytes for one in rows)
    if size <= most and (bytes_on_device() + size <= most or all(map(_is_there, pairs))):
        return tuple(resident(*one) for one in pairs)
    return tuple(rows)


def _is_there(pair: tuple[Any, Any, Any]) -> bool:
    """Whether an array of equal content is on the device."""
    array, *spaces = pair
    return (_digest(array), *spaces) in _by_content


def _on_host(array: Any, space: Any, wanted: Any, size: int) -> HostRows:
    key = _key(array, space, wanted)
    found = _streamed.get(key)
    if found is None or found.chunk_bytes != size:
        found = _streamed[key] = HostRows(array, space, wanted, size)
    return found


def resident(array: np.ndarray[Any, Any], space: Any, wanted: Any) -> Any:
    """`array`, whose rows are in `space`, on the device with its rows in `wanted`.

    array: all examples; it must not change while anything trains on it.
    Returns shape (n_examples, ...), also where `wanted` has the examples along another axis: the
    program moves them there, batch by batch.
    Arrays of equal content are one array on the device: that is what lets trials run as a pack.
    """
    key = _key(array, space, wanted)
    if key not in _resident:
        content = (_digest(array), space, wanted)
        found = _by_content.get(content)
        if found is None:
            found = _by_content[content] = _put(array, space, wanted)
        _resident[key] = found
        weakref.finalize(array, _resident.pop, key, None)
    return _resident[key]


def _key(array: Any, space: Any, wanted: Any) -> Hashable:
    return identity(array), space, wanted


def _digest(array: Any) -> Hashable:
    """What tells arrays of different content apart, once an array."""
    if not isinstance(array, np.ndarray):
        return identity(array)  # on disk, say: not to be read twice
    return digest(array)


def _put(array: np.ndarray[Any, Any], space: Any, wanted: Any) -> Any:
    """`on_device`, in memory that all processes of the host share where that is the device's."""
    rows = _rows(array, space, wanted)
    if jax.default_backend() == "cpu":
        mapped = shared(rows)
        # Nobody changes what is mapped read-only: JAX may take it for its own, and does.
        if is_shared(mapped):
            return jax.device_put(mapped)
    return _own(rows, array)


def on_device(array: np.ndarray[Any, Any], space: Any, wanted: Any) -> Any:
    """The same, without remembering it."""
    return _own(_rows(array, space, wanted), array)


def _rows(array: Any, space: Any, wanted: Any) -> Any:
    """The rows in `wanted`, first axis: the example."""
    axis = getattr(wanted, "get_batch_axis", lambda: 0)()
    return np.moveaxis(np.asarray(space.np_format_as(array, wanted)), axis, 0)


def _own(rows: Any, array: Any) -> Any:
    """The rows on the device, in memory of its own.

    On a CPU JAX may take the memory that it is given for its own, whatever `may_alias` says: the
    dataset's array would never be let go, and a change of it would change the device's.
    """
    if isinstance(array, np.ndarray) and np.may_share_memory(rows, array):
        rows = rows.copy()
    return jax.device_put(rows)


class ResidentBatch:
    """A dataset's arrays on the device, for the (space, source) pairs that a step takes.

    The dataset is asked at each pass, for an extension may have given it other arrays; the device's
    are looked up only where the answer is not the last one.
    """

    def __init__(self, dataset: Any, pairs: Sequence[tuple[Any, str]]) -> None:
        self._offer = getattr(dataset, "resident_sources", None) if pairs else None
        self._spaces = tuple(space for space, _ in pairs)
        self._sources = tuple(source for _, source in pairs)
        self._host: tuple[Any, ...] = ()
        self._device: tuple[Any, ...] | None = None

    def arrays(self) -> tuple[Any, ...] | None:
        """The arrays, first axis: the example; None if the dataset can only be iterated.

        On the device, or HostRows where they do not fit there. Raises ConfigError where the data
        is not what the model and its costs take.
        """
        offered = self._offer(self._sources, self._spaces) if self._offer is not None else None
        if offered is None:
            return None
        host = tuple(array for array, _ in offered)
        is_known = len(host) == len(self._host) and all(map(is_, host, self._host))
        if self._device is None or not is_known:
            try:
                self._device = placed(offered, self._spaces)
            except ValueError as error:
                what = " and ".join(self._sources)
                raise ConfigError(
                    f"dataset: its {what} are not what the model takes: {error}. The first is the"
                    " data's space, the second the model's: change one of them."
                ) from error
            self._host = host
        return self._device


def resident_batch(dataset: Any, pairs: Sequence[tuple[Any, str]]) -> tuple[Any, ...] | None:
    """A dataset's arrays for (space, source) pairs; None if it can only be iterated."""
    return ResidentBatch(dataset, pairs).arrays()
