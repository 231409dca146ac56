"""A trial's own surroundings: where its paths lead, its random generators, its name in the log.

Many trials run in one process. What one of them draws from `numpy.random` or `random` must not
change what another one draws, in whatever order they run.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.random import mtrand

from pylearn2core import paths
from sweeper.workers import logs

Item = TypeVar("Item")


class Surroundings:
    """A context: inside it, one trial's places and generators are the process's.

    name: of the attempt, before each line that it prints.
    seed: both generators start from it.

    After it they stay as they are until another trial's come: nothing else in this process
    draws from them, and to put them back each time would take as long as a small epoch.
    """

    _installed: ClassVar[Surroundings | None] = None

    def __init__(self, name: str, places: paths.Places, seed: int) -> None:
        self._name = name
        self._places = places
        self._python = random.Random(seed).getstate()
        self._numpy = np.random.RandomState(seed)._bit_generator
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
            before._python = random.getstate()
        random.setstate(self._python)
        # NumPy's own generator is swapped, not its state: 2,500 bytes would be copied each way.
        mtrand.set_bit_generator(self._numpy)
        Surroundings._installed = self
        logs.speak_as(self._name)

    def leave(self) -> None:
        """The trial is over: nothing is kept for it."""
        if Surroundings._installed is self:
            Surroundings._installed = None
            logs.speak_as("")

    def send(self, loop: Generator[Item, Any, None], reply: Any) -> Item | None:
        """Let a generator go on, inside, to its next item; None at its end."""
        with self:
            try:
                return loop.send(reply)
            except StopIteration:
                return None
