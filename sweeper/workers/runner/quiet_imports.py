"""Importing a module draws nothing from a trial's generators.

A library may draw from `random` when it is imported. The first trial of a worker imports what the
later ones find there: without this it would get other numbers than they.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

import numpy as np


def generators() -> dict[str, Any]:
    """The states of `numpy.random` and `random`."""
    return {"numpy": np.random.get_state(legacy=False), "python": random.getstate()}


def set_generators(states: Any) -> None:
    """Set them."""
    np.random.set_state(states["numpy"])
    random.setstate(states["python"])


class _Finder:
    """Finds nothing itself: it lets the next finders look, and wraps what loads the module."""

    def __init__(self) -> None:
        # Trials run in one thread. What another one imports must not set its generators back.
        self.thread = threading.get_ident()
        self._is_busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self._is_busy or threading.get_ident() != self.thread:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            look = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = look(name, path, target) if look is not None else None
            if spec is not None:
                self._wrap(spec.loader)
                return spec
        return None

    def _wrap(self, loader: Any) -> None:
        # Each module has a loader of its own of these kinds; other kinds may be shared.
        if type(loader) not in (SourceFileLoader, ExtensionFileLoader):
            return
        real = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            states = generators()
            self._is_busy = True  # what it imports itself is inside
            try:
                real(module)
            finally:
                self._is_busy = False
                set_generators(states)

        loader.exec_module = exec_module


_finder = _Finder()


def install() -> None:
    """From now on, for what this thread imports."""
    _finder.thread = threading.get_ident()
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
