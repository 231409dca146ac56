"""Pylearn2's name for pylearn2core, and Theano's where no Theano is installed.

`pylearn2.x.y` is the module `pylearn2core.x.y` itself, so each class exists once. After this
package is imported `import theano.tensor` reaches `pylearn2core.theano.tensor`, and a submodule
that is not there (`theano.compile.sharedvalue`) PyTensor's own; unless a real Theano is there.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

alias_of = "pylearn2core"
_THEANO = "pylearn2core.theano"


class _AliasLoader:
    """Hands over the module that `real` names, as it is."""

    def __init__(self, real: str) -> None:
        self.real = real
        self._spec: importlib.machinery.ModuleSpec | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.real)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system wrote the alias's spec into the module: with it, a later relative
        # import inside the module would see two different packages, and warn.
        module.__spec__ = self._spec

    def get_code(self, _name: str) -> CodeType | None:
        """The code of the real module, for `python -m`."""
        spec = importlib.util.find_spec(self.real)
        return spec.loader.get_code(self.real) if spec and spec.loader else None  # type: ignore[attr-defined]


def _alias(name: str, real: str) -> importlib.machinery.ModuleSpec | None:
    """The spec of module `name` as another name of module `real`; None where that is missing."""
    try:
        found = importlib.util.find_spec(real)
    except ModuleNotFoundError as err:
        if not real.startswith(f"{err.name}."):
            raise
        found = None  # a parent of `real` is missing
    if found is None:
        return None
    loader: Any = _AliasLoader(real)
    spec = importlib.machinery.ModuleSpec(name, loader, origin=found.origin)
    spec.submodule_search_locations = found.submodule_search_locations
    return spec


class _SubmoduleFinder:
    """Finds `pylearn2.x` and, where `theano` is ours, `theano.x`.

    It stands before the other finders: they would follow the parent's `__path__` and load the
    same file a second time, with classes of its own.
    """

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top, _, rest = name.partition(".")
        if not rest:
            return None
        if top == __name__ and sys.modules.get(top) is _self:
            return _alias(name, f"{alias_of}.{rest}")
        if top == "theano" and sys.modules.get(top) is sys.modules.get(_THEANO):
            return _alias(name, f"{_THEANO}.{rest}") or _alias(name, f"pytensor.{rest}")
        return None


class _TheanoFinder:
    """Finds `theano`; it stands after all other finders, so a real Theano comes first."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return _alias(name, _THEANO) if name == "theano" else None


def _real_pylearn2() -> str | None:
    """Where a Pylearn2 that is not this package lies on the import path, or None."""
    for entry in sys.path:
        found = importlib.machinery.PathFinder.find_spec(__name__, [entry or "."])
        # Another copy of ours (the checkout beside the installed wheel) has pylearn2core beside it.
        if found and found.origin and not (Path(found.origin).parents[1] / alias_of).is_dir():
            return found.origin
    try:
        return f"distribution pylearn2 {importlib.metadata.version('pylearn2')}"
    except importlib.metadata.PackageNotFoundError:
        return None


def _refuse_a_real_pylearn2() -> None:
    real = _real_pylearn2()
    if real is not None:
        raise ImportError(
            f"a real Pylearn2 is installed beside ours ({real}), and two packages named pylearn2 "
            f"can't be told apart. Take it off the path (`pip uninstall pylearn2`, or PYTHONPATH), "
            f"or use an environment of its own for it."
        )


_self = sys.modules[__name__]
_refuse_a_real_pylearn2()
sys.meta_path.insert(0, _SubmoduleFinder)
sys.meta_path.append(_TheanoFinder)
