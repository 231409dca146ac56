"""Importing a module draws nothing from a trial's generators.

A library may draw from `random` when it is imported. The first trial of a worker imports what the
later ones find there: without this it would get other numbers than they.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any


class _Finder:
    """Finds nothing itself: it lets the next finders look, and wraps what loads the module."""

    def __init__(self, read: Callable[[], Any], put_back: Callable[[Any], None]) -> None:
        self._read = read
        self._put_back = put_back
        # Trials run in one thread. What another one imports must not set its generators back.
        self._thread = threading.get_ident()
        self._is_busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self._is_busy or threading.get_ident() != self._thread:
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
            states = self._read()
            self._is_busy = True  # what it imports itself is inside
            try:
                real(module)
            finally:
                self._is_busy = False
                self._put_back(states)

        loader.exec_module = exec_module


def install(read: Callable[[], Any], put_back: Callable[[Any], None]) -> None:
    """From now on, for what this thread imports, and this thread alone.

    read: gives the generators' states.    put_back: sets them again.
    """
    sys.meta_path[:] = [found for found in sys.meta_path if not isinstance(found, _Finder)]
    sys.meta_path.insert(0, _Finder(read, put_back))
