"""A trial's own surroundings: where its paths lead, and the global random generators.

Many trials run in one process. What one of them draws from `numpy.random` or `random` must not
change what another one draws, in whatever order they run.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any, Self, TypeVar

import numpy as np

from pylearn2core import paths

Item = TypeVar("Item")


class Surroundings:
    """A context: inside it, one trial's places and generators are the process's.

    seed: both generators start from it.
    """

    def __init__(self, places: paths.Places, seed: int) -> None:
        self._places = places
        self._states: tuple[Any, Any] = (
            random.Random(seed).getstate(),
            np.random.RandomState(seed).get_state(),
        )
        self._outside: list[tuple[Any, Any]] = []
        self._use: list[Any] = []

    def __enter__(self) -> Self:
        self._outside.append((random.getstate(), np.random.get_state()))
        _install(self._states)
        use = paths.use(self._places)
        use.__enter__()
        self._use.append(use)
        return self

    def __exit__(self, *exc: object) -> None:
        self._use.pop().__exit__(None, None, None)
        self._states = (random.getstate(), np.random.get_state())
        _install(self._outside.pop())

    def send(self, loop: Generator[Item, Any, None], reply: Any) -> Item | None:
        """Let a generator go on, inside, to its next item; None at its end."""
        with self:
            try:
                return loop.send(reply)
            except StopIteration:
                return None


def _install(states: tuple[Any, Any]) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])
