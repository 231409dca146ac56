"""How many slots of a pack the device's memory takes."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from pylearn2core.cache import identity
from pylearn2core.engine.data import device_memory
from pylearn2core.engine.data.resident import bytes_on_device
from pylearn2core.engine.program.passes import Pass


def room_for(passes: Sequence[Pass]) -> int:
    """Bytes that a program with these arrays may take, beside the other data on the device."""
    return device_memory.available() - max(0, bytes_on_device() - _bytes_of(passes))


def fewer_slots(passes: Sequence[Pass], n_slots: int, error: Exception) -> int | None:
    """How many slots to try after an error; None where it was not about memory."""
    fewer = n_slots // 2
    if device_memory.is_lack_of_memory(error):
        return fewer
    if not isinstance(error, device_memory.TooLargeError):
        return None
    data = _bytes_of(passes)
    slot = max(1.0, (error.needed - data) / n_slots)
    while fewer > max(1.0, (error.available - data) / slot):
        fewer //= 2
    return fewer


def _bytes_of(passes: Sequence[Pass]) -> int:
    """Bytes of the data that is on the device."""
    arrays = {identity(array): array for data, _ in passes for array in data}
    return sum(int(one.nbytes) for one in arrays.values() if isinstance(one, jax.Array))
