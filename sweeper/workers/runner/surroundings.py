"""A trial's own surroundings: where its paths lead, and the global random generators.

Many trials run in one process. What one of them draws from `numpy.random` or `random` must not
change what another one draws, in whatever order they run.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any, Self, TypeVar

import numpy as np
from numpy.random import mtrand

from pylearn2core import paths

Item = TypeVar("Item")


class Surroundings:
    """A context: inside it, one trial's places and generators are the process's.

    seed: both generators start from it.
    """

    def __init__(self, places: paths.Places, seed: int) -> None:
        self._places = places
        self._python = random.Random(seed).getstate()
        self._numpy = np.random.RandomState(seed)._bit_generator
        self._outside: list[tuple[Any, Any, Any]] = []

    def __enter__(self) -> Self:
        use = paths.use(self._places)
        self._outside.append((random.getstate(), mtrand.get_bit_generator(), use))
        random.setstate(self._python)
        # NumPy's own generator is swapped, not its state: 2,500 bytes would be copied each way.
        mtrand.set_bit_generator(self._numpy)
        use.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        python, numpy, use = self._outside.pop()
        use.__exit__(None, None, None)
        self._python = random.getstate()
        random.setstate(python)
        mtrand.set_bit_generator(numpy)

    def send(self, loop: Generator[Item, Any, None], reply: Any) -> Item | None:
        """Let a generator go on, inside, to its next item; None at its end."""
        with self:
            try:
                return loop.send(reply)
            except StopIteration:
                return None
