"""The states of Python's and NumPy's generators, where they lie in memory.

Trials that run in one process each have generators of their own, and take turns a hundred times in
two seconds. `random.getstate` and `setstate` make and read a tuple of 625 numbers, NumPy's calls a
dictionary; their memory holds the same in 2,500 bytes. Python's is read and written, NumPy's only
read. See README.md for what that saves.
"""

from __future__ import annotations

import ctypes
import random
import struct
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from sweeper.host.patches.looks import leave_alone

# Of a Mersenne Twister: its key, and the place in it. CPython has the place first, NumPy last.
_WORDS = 625
_Words = ctypes.c_uint32 * _WORDS


class PythonMemory:
    """What `random`'s functions draw from: an index and 624 words."""

    def __init__(self, address: int) -> None:
        self._address = address

    def read(self) -> bytes:
        """The state."""
        return ctypes.string_at(self._address, _WORDS * 4)

    def write(self, state: bytes) -> None:
        """Set the state to what `read` or `seeded` gave."""
        ctypes.memmove(self._address, state, _WORDS * 4)


@cache
def of_python(generator: random.Random | None = None) -> PythonMemory | None:
    """The memory of a generator, that of `random`'s own functions where none is given.

    None where it does not lie as `getstate` says.
    """
    generator = getattr(random, "_inst", None) if generator is None else generator
    if generator is None or not _lies_as_expected(generator):
        leave_alone("the memory of Python's random.Random", "trials side by side take longer")
        return None
    return PythonMemory(_address(generator))


def _lies_as_expected(generator: random.Random) -> bool:
    if type(generator).__basicsize__ < object.__basicsize__ + ctypes.sizeof(_Words):
        return False
    index, *key = _Words.from_address(_address(generator))
    return bool((*key, index) == generator.getstate()[1])


def _address(generator: random.Random) -> int:
    return id(generator) + object.__basicsize__


@lru_cache(maxsize=64)
def seeded(seed: int) -> bytes:
    """The state of `random.Random(seed)`, as PythonMemory takes it."""
    *key, index = random.Random(seed).getstate()[1]
    return struct.pack(f"={_WORDS}I", index, *key)


def place_in_numpy(bits: Any) -> Callable[[], tuple[int, int]] | None:
    """Tells how far an MT19937 of NumPy's has come: other than before once anything was drawn.

    None where its memory does not lie as its `state` says.
    """
    if not _numpy_lies_as_expected():
        return None
    words = _Words.from_address(bits.ctypes.state_address)
    return lambda: (words[_WORDS - 1], words[0])


@cache
def _numpy_lies_as_expected() -> bool:
    import numpy as np

    bits = np.random.MT19937(1)
    bits.random_raw(700)  # beyond the first key
    state: Any = bits.state["state"]
    is_so = [*_Words.from_address(bits.ctypes.state_address)] == [*state["key"], state["pos"]]
    if not is_so:
        leave_alone("the memory of NumPy's MT19937", "trials side by side take longer")
    return is_so
