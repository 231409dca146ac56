"""The list of what a sweep may name; nothing here imports what is named."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean

# Called with (dotted name, NOT_IMPORTED) before anything is imported and with (dotted name,
# object) after; raises ConfigError to refuse.
Allowed: TypeAlias = Callable[[str, object], None]


class _NotImported:
    def __repr__(self) -> str:
        return "NOT_IMPORTED"


NOT_IMPORTED = _NotImported()
_OURS = ("pylearn2core", "pylearn2")
_FACADE = tuple(f"{top}theano.tensor" for top in ("", "pylearn2.", "pylearn2core."))
_NUMPY = frozenset(
    f"numpy.{name}"
    for name in "array asarray arange zeros ones full eye linspace logspace".split()  # noqa: SIM905
)


def allow_list(modules: Sequence[str], spec_folder: Path) -> Allowed:
    """Allow pylearn2core, numpy's array constructors and numpy.random, and what is the user's.

    modules: dotted names the user allows beside these, each with what lies below it.
    spec_folder: its modules and packages are the user's own.
    """
    return _AllowList(tuple(modules), spec_folder.resolve())


@dataclass(frozen=True, slots=True)
class _AllowList:
    """Stops accidents and cheap tricks; running an experiment still is running code."""

    modules: tuple[str, ...]
    folder: Path
    # Names, and pairs of name and defining module, that were found good: a sweep asks often.
    good: set[str | tuple[str, str]] = field(default_factory=set)

    def __call__(self, dotted: str, obj: object) -> None:
        """Raise ConfigError unless the name and the module that defines `obj` are allowed."""
        if dotted not in self.good:
            if not self._name_allowed(dotted):
                raise ConfigError(self._refusal(dotted, f"`{dotted}`"))
            self.good.add(dotted)
        module = None if obj is NOT_IMPORTED else _defining_module(obj)
        if module is None or (dotted, module) in self.good:
            return
        if not self._module_allowed(module, dotted):
            raise ConfigError(self._refusal(module, f"`{dotted}` is defined in `{module}`, which"))
        self.good.add((dotted, module))

    def _name_allowed(self, dotted: str) -> bool:
        if any(part.startswith("_") for part in dotted.split(".")):
            return False
        top = dotted.partition(".")[0]
        return (
            top in _OURS
            or below(dotted, (*_FACADE, *self.modules))
            or dotted in _NUMPY
            or dotted.startswith("numpy.random.")
            or (self.folder / f"{top}.py").is_file()
            or (self.folder / top).is_dir()
        )

    def _module_allowed(self, module: str, dotted: str) -> bool:
        if below(module, ("pylearn2core", *self.modules)) or self._is_users(module):
            return True
        if below(dotted, ("numpy",)):
            return below(module, ("numpy",))
        # The Theano facade hands PyTensor's own functions on.
        return below(dotted, _FACADE) and below(module, ("pytensor.tensor",))

    def _is_users(self, module: str) -> bool:
        """Whether the top-level module of that name was loaded from the spec's folder itself."""
        return _is_loaded_from(self.folder, module.partition(".")[0])

    def _refusal(self, dotted: str, subject: str) -> str:
        top = dotted.partition(".")[0]
        if hidden := hidden_beside(top, self.folder):
            return hidden
        if "._" in dotted:
            return f"{subject} has a part that starts with `_`, which can't be named here."
        if not is_installed(top):
            beside = [path.stem for path in self.folder.glob("*.py")]
            return (
                f"there is no module `{top}`{did_you_mean(top, beside)}: neither {top}.py in "
                f"{self.folder} nor an installed one."
            )
        extra = "".join(f"{module}, " for module in self.modules)
        return (
            f"{subject} is not among what this experiment may name: pylearn2core, pylearn2, {extra}"
            f"numpy's array constructors, numpy.random, and the modules in {self.folder}. "
            f"If you trust `{top}`, list it in the header: `modules: [{top}]`."
        )


def hidden_beside(top: str, folder: Path) -> str:
    """Say that a library has the name of a module in `folder`, and hides it; "" where none does."""
    file, package = folder / f"{top}.py", folder / top
    if not file.is_file() and not (package / "__init__.py").is_file():
        return ""
    if top not in sys.modules or _is_loaded_from(folder.resolve(), top):
        return ""
    whose = "Python's own" if top in sys.stdlib_module_names else "an installed library's"
    name = file.name if file.is_file() else f"{package.name}/"
    return (
        f"`{top}` is {whose} module, which hides {name} beside the experiment's file. "
        f"Rename {name}, and the experiment's `{top}` with it."
    )


def _is_loaded_from(folder: Path, top: str) -> bool:
    """Whether the module `top` was loaded from `folder` itself."""
    loaded = sys.modules.get(top)
    file = getattr(loaded, "__file__", None)
    places = [Path(place).resolve() for place in ([file] if file else _portions(loaded))]
    allowed = (folder, folder / top)
    return any(place.parent in allowed or place == folder / top for place in places)


def _portions(module: object) -> list[str]:
    return list(getattr(module, "__path__", ()))


def is_installed(top: str) -> bool:
    """Whether Python's path has a module of that name, which has no dot. Imports nothing."""
    try:
        return importlib.util.find_spec(top) is not None
    except ValueError:  # it is loaded, and does not say from where
        return True


def below(dotted: str, tops: Iterable[str]) -> bool:
    """Whether a dotted name is one of `tops`, or of what lies below one."""
    return any(dotted == top or dotted.startswith(f"{top}.") for top in tops)


def _defining_module(obj: object) -> str | None:
    """The module that defines `obj`, "builtins" where it does not say; None for plain data.

    What can't be called is plain data: nothing runs by naming it.
    """
    if isinstance(obj, ModuleType):
        return obj.__name__
    if not callable(obj):
        return None
    module = getattr(obj, "__module__", None) or type(obj).__module__
    return module if isinstance(module, str) else "builtins"
