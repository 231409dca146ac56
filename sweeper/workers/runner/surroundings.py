"""A trial's own surroundings: where its paths lead, its random generators, its name in the log.

Many trials run in one process. What one of them draws from `numpy.random` or `random` must not
change what another one draws, in whatever order they run.
"""

from __future__ import annotations

import ctypes
import random
import struct
from collections.abc import Generator
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.random import mtrand

from pylearn2core import paths
from sweeper.workers import logs

Item = TypeVar("Item")
_STATE_WORDS = 625  # MT19937's key, and the place in it


@lru_cache(maxsize=64)
def _numpy_state(seed: int) -> bytes:
    """The state of `numpy.random.RandomState(seed)`'s bit generator, as it lies in memory."""
    bits = np.random.RandomState(seed)._bit_generator
    return ctypes.string_at(bits.ctypes.state_address, _STATE_WORDS * 4)


class _NumpyGenerator:
    """What `numpy.random` draws from for one trial.

    The bit generator is swapped, not its state: 2,500 bytes would be copied each way. It does not
    hold the second one of a pair of normals, which NumPy keeps for the next call: that is looked
    for where the trial has drawn anything since it was installed.
    """

    # To make one takes as long as a small trial, so those of trials that are over are used again.
    _free: ClassVar[list[Any]] = []

    def __init__(self, seed: int) -> None:
        self._bits = self._free.pop() if self._free else np.random.MT19937()
        words = ctypes.c_uint32 * _STATE_WORDS
        self._words = words.from_address(self._bits.ctypes.state_address)
        ctypes.memmove(self._words, _numpy_state(seed), ctypes.sizeof(words))
        self._with_normal: Any = None
        self._mark = self._place()

    def free(self) -> None:
        """Nothing draws from it any more."""
        if self._bits is not None:
            self._free.append(self._bits)
        self._bits = None

    def _place(self) -> tuple[int, int]:
        return self._words[_STATE_WORDS - 1], self._words[0]

    def install(self, *, normal_left: bool) -> None:
        """Draw from it from now on. normal_left: whether NumPy may hold another one's normal."""
        mtrand.set_bit_generator(self._bits)
        if self._with_normal is not None:
            np.random.set_state(self._with_normal)
        elif normal_left:
            np.random.set_state({**np.random.get_state(legacy=False), "has_gauss": 0})
        self._mark = self._place()

    def leave(self) -> bool:
        """Another one is about to be installed; whether NumPy holds a normal of this one's."""
        if self._with_normal is not None or self._place() != self._mark:
            state = np.random.get_state(legacy=False)
            self._with_normal = state if state["has_gauss"] else None
        return self._with_normal is not None


class _PythonGenerator:
    """What `random` draws from for one trial.

    The module's functions are bound to one generator, so its state is swapped. CPython keeps that
    as NumPy does: an index and 624 words. To copy them takes a microsecond where `getstate` and
    `setstate` take twenty; where they don't lie as expected, those two are used.
    """

    _inst: ClassVar[Any] = random._inst
    _address: ClassVar[int] = id(_inst) + object.__basicsize__

    def __init__(self, seed: int) -> None:
        self._state: Any = _python_state(seed)
        self._next_gauss: Any = None

    @classmethod
    def lies_as_expected(cls) -> bool:
        """Whether the generator's memory is what `getstate` says."""
        if type(cls._inst).__basicsize__ < object.__basicsize__ + _STATE_WORDS * 4:
            return False
        index, *words = (ctypes.c_uint32 * _STATE_WORDS).from_address(cls._address)
        return bool((*words, index) == cls._inst.getstate()[1])

    def install(self) -> None:
        """Draw from it from now on."""
        if _COPIES:
            ctypes.memmove(self._address, self._state, _STATE_WORDS * 4)
            self._inst.gauss_next = self._next_gauss
        else:
            random.setstate(self._state)

    def leave(self) -> None:
        """Another one is about to be installed."""
        if _COPIES:
            self._state = ctypes.string_at(self._address, _STATE_WORDS * 4)
            self._next_gauss = self._inst.gauss_next
        else:
            self._state = random.getstate()


_COPIES = _PythonGenerator.lies_as_expected()


@lru_cache(maxsize=64)
def _python_state(seed: int) -> Any:
    """The state of `random.Random(seed)`, as `install` takes it."""
    _, words, _ = state = random.Random(seed).getstate()
    return struct.pack(f"={_STATE_WORDS}I", words[-1], *words[:-1]) if _COPIES else state


class Surroundings:
    """A context: inside it, one trial's places and generators are the process's.

    name: of the attempt, before each line that it prints.
    seed: both generators start from it.

    After it they stay as they are until another trial's come: nothing else in this process
    draws from them, and to put them back each time would take as long as a small epoch.
    """

    _installed: ClassVar[Surroundings | None] = None
    _normal_left: ClassVar[bool] = True  # whether NumPy may hold a normal of one that is over

    def __init__(self, name: str, places: paths.Places, seed: int) -> None:
        self._name = name
        self._places = places
        self._python = _PythonGenerator(seed)
        self._numpy = _NumpyGenerator(seed)
        self._use: list[Any] = []

    def __enter__(self) -> Self:
        self._install()
        use = paths.use(self._places)
        use.__enter__()
        self._use.append(use)
        return self

    def __exit__(self, *exc: object) -> None:
        self._use.pop().__exit__(None, None, None)

    def _install(self) -> None:
        before = Surroundings._installed
        if before is self:
            return
        if before is not None:
            before._python.leave()
        normal_left = Surroundings._normal_left if before is None else before._numpy.leave()
        self._python.install()
        self._numpy.install(normal_left=normal_left)
        Surroundings._installed = self
        logs.speak_as(self._name)

    def leave(self) -> None:
        """The trial is over: nothing is kept for it."""
        if Surroundings._installed is self:
            Surroundings._installed = None
            Surroundings._normal_left = self._numpy.leave()
            logs.speak_as("")
        self._numpy.free()

    def send(self, loop: Generator[Item, Any, None], reply: Any) -> Item | None:
        """Let a generator go on, inside, to its next item; None at its end."""
        with self:
            try:
                return loop.send(reply)
            except StopIteration:
                return None
