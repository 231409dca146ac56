"""The generators that everybody shares: `numpy.random` and `random`, one trial's after another's.

Many trials run in one process. What one of them draws must not change what another one draws, in
whatever order they run.
"""

from __future__ import annotations

import random
from typing import Any, ClassVar

import numpy as np
from numpy.random import mtrand

from sweeper.host.patches import generator_memory


def states() -> dict[str, Any]:
    """The states of `numpy.random` and `random`."""
    return {"numpy": np.random.get_state(legacy=False), "python": random.getstate()}


def set_states(states: Any) -> None:
    """Set them."""
    np.random.set_state(states["numpy"])
    random.setstate(states["python"])


class NumpyGenerator:
    """What `numpy.random` draws from for one trial.

    The bit generator is swapped, not its state: 2,500 bytes would be copied each way. It does not
    hold the second one of a pair of normals, which NumPy keeps for the next call: that is looked
    for where the trial has drawn anything since it was installed.
    """

    # To make one takes as long as a small trial, so those of trials that are over are used again.
    _free: ClassVar[list[Any]] = []

    def __init__(self, seed: int) -> None:
        self._bits = self._free.pop() if self._free else np.random.MT19937()
        np.random.RandomState(self._bits).seed(seed)
        self._place = generator_memory.place_in_numpy(self._bits)
        self._with_normal: Any = None
        self._mark = self._place() if self._place is not None else None

    def free(self) -> None:
        """Nothing draws from it any more."""
        if self._bits is not None:
            self._free.append(self._bits)
        self._bits = None

    def install(self, *, normal_left: bool) -> None:
        """Draw from it from now on. normal_left: whether NumPy may hold another one's normal."""
        mtrand.set_bit_generator(self._bits)
        if self._with_normal is not None:
            np.random.set_state(self._with_normal)
        elif normal_left:
            np.random.set_state({**np.random.get_state(legacy=False), "has_gauss": 0})
        if self._place is not None:
            self._mark = self._place()

    def leave(self) -> bool:
        """Another one is about to be installed; whether NumPy holds a normal of this one's."""
        if self._with_normal is not None or self._place is None or self._place() != self._mark:
            state = np.random.get_state(legacy=False)
            self._with_normal = state if state["has_gauss"] else None
        return self._with_normal is not None


class PythonGenerator:
    """What `random` draws from for one trial.

    The module's functions are bound to one generator, so its state is swapped.
    """

    def __init__(self, seed: int) -> None:
        self._memory = generator_memory.of_python()
        self._next_gauss: Any = None
        if self._memory is not None:
            self._words = generator_memory.seeded(seed)
        else:
            self._state = random.Random(seed).getstate()

    def install(self) -> None:
        """Draw from it from now on."""
        if self._memory is not None:
            self._memory.write(self._words)
            random._inst.gauss_next = self._next_gauss  # type: ignore[attr-defined]
        else:
            random.setstate(self._state)

    def leave(self) -> None:
        """Another one is about to be installed."""
        if self._memory is not None:
            self._words = self._memory.read()
            self._next_gauss = random._inst.gauss_next  # type: ignore[attr-defined]
        else:
            self._state = random.getstate()
