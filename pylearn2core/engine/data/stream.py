"""Data too large for the device: it stays on the host and passes by in chunks of whole batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from pylearn2core.engine.data.order import Indices

Data = tuple[Any, ...]

# As one chunk is trained on, the next one is put beside it, and data as a whole may take half of
# the device (see resident.py): so two chunks take half of that half.
_PART_OF_LIMIT = 4


class HostRows:
    """A host array as a program takes it: first axis the example, rows made as they are asked for.

    array: rows in `space`; the rows made are in `wanted`.    chunk_bytes: of one chunk of it and
    the arrays that go with it.
    """

    def __init__(self, array: Any, space: Any, wanted: Any, chunk_bytes: int) -> None:
        self._array = array
        self._space = space
        self._wanted = wanted
        self._axis = _batch_axis(space)
        self.chunk_bytes = chunk_bytes
        first = self.rows(np.zeros(min(1, array.shape[self._axis]), dtype=np.int32))
        self.dtype = first.dtype
        self.shape = (array.shape[self._axis], *first.shape[1:])
        self.row_bytes = int(np.prod(first.shape[1:])) * first.dtype.itemsize

    def rows(self, places: Indices) -> Any:
        """Those rows, a host array."""
        taken = np.take(self._array, places, axis=self._axis)
        made = np.asarray(self._space.np_format_as(taken, self._wanted))
        return np.moveaxis(made, _batch_axis(self._wanted), 0)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, selection: Any) -> Any:
        return self.rows(np.arange(len(self), dtype=np.int32)[selection])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[:], dtype=dtype)


def _batch_axis(space: Any) -> int:
    return int(getattr(space, "get_batch_axis", lambda: 0)())


def chunk_bytes(limit: int) -> int:
    """Bytes of one chunk, where all data may take `limit`."""
    return max(1, limit // _PART_OF_LIMIT)


def is_streamed(data: Data) -> bool:
    """Whether it stays on the host."""
    return any(isinstance(array, HostRows) for array in data)


def host_rows(array: Any, rows: Indices) -> Any:
    """Rows of a program's array as a host array, wherever it is."""
    return array.rows(rows) if isinstance(array, HostRows) else np.asarray(array)[rows]


def chunks(
    data: Data, stack: Indices, start: int, stop: int, *, pads: bool
) -> Iterator[tuple[Data, Indices, int, int]]:
    """What a program is called with, in turn, to pass batches start..stop-1 of `stack`.

    stack: shape (n_batches, size), or (n_slots, n_batches, size).
    pads: fill the last chunk to the size of the others, so that it has no shape of its own; for
    programs that stop where they are told.
    Data on the device is one chunk, as it is. Of the rest a chunk has the rows in their order.
    """
    if not is_streamed(data):
        yield data, stack, start, stop
        return
    per = _batches_per_chunk(data, stack)
    for first in range(start, stop, per):
        count = min(per, stop - first)
        part = stack[..., first : first + count, :]
        if pads and count < per:
            filler = [(0, 0)] * (stack.ndim - 2) + [(0, per - count), (0, 0)]
            part = np.pad(part, filler)
        rows = part.ravel()
        chunk = tuple(jax.device_put(host_rows(array, rows)) for array in data)
        yield chunk, np.arange(rows.size, dtype=np.int32).reshape(part.shape), 0, count


def _batches_per_chunk(data: Data, stack: Indices) -> int:
    streamed = [array for array in data if isinstance(array, HostRows)]
    batch = sum(array.row_bytes for array in streamed) * stack.size // stack.shape[-2]
    per = streamed[0].chunk_bytes // max(1, batch)
    return int(max(1, min(per, stack.shape[-2])))
