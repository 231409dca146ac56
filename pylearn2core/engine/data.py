"""Data on the device, put there once and used by every trial that asks for the same array."""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from typing import Any

import jax
import numpy as np

# (id of the host array, its space, the space asked for) -> the array on the device
_resident: dict[Hashable, Any] = {}


def resident(array: np.ndarray[Any, Any], space: Any, wanted: Any) -> Any:
    """`array`, whose rows are in `space`, on the device with its rows in `wanted`.

    array: shape (n_examples, ...); it must not change while anything trains on it.
    """
    key = (id(array), space, wanted)
    if key not in _resident:
        _resident[key] = on_device(array, space, wanted)
        # An id means this array only while it lives.
        weakref.finalize(array, _resident.pop, key, None)
    return _resident[key]


def on_device(array: np.ndarray[Any, Any], space: Any, wanted: Any) -> Any:
    """The same, without remembering it."""
    return jax.device_put(np.asarray(space.np_format_as(array, wanted)))


def resident_batch(dataset: Any, pairs: Sequence[tuple[Any, str]]) -> tuple[Any, ...] | None:
    """A dataset's arrays for (space, source) pairs; None if it can only be iterated."""
    offer = getattr(dataset, "resident_sources", None)
    if offer is None or not pairs:
        return None
    spaces, sources = zip(*pairs, strict=True)
    arrays = offer(sources, spaces)
    if arrays is None:
        return None
    return tuple(
        resident(array, space, wanted)
        for (array, space), (wanted, _) in zip(arrays, pairs, strict=True)
    )
