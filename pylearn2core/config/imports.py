"""Dotted names to Python objects, and the list of what a sweep may name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from pylearn2core import paths
from pylearn2core.config.instead import instead
from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean

# Called with (dotted name, NOT_IMPORTED) before anything is imported and with (dotted name,
# object) after; raises ConfigError to refuse.
Allowed: TypeAlias = Callable[[str, object], None]


class _NotImported:
    def __repr__(self) -> str:
        return "NOT_IMPORTED"


NOT_IMPORTED = _NotImported()
# Of a context, so that a constructor that loads YAML itself is bound by it too.
_allowed: ContextVar[Allowed | None] = ContextVar("allowed", default=None)
_MISSING = object()


def import_alias() -> None:
    """Make `pylearn2` mean ours, so that a user's files find it, and `theano` after it.

    Raises ConfigError where a real Pylearn2 stands in the way.
    """
    try:
        pylearn2 = importlib.import_module("pylearn2")
    except ImportError as err:
        raise ConfigError(str(err)) from err
    if getattr(pylearn2, "alias_of", None) != "pylearn2core":
        raise ConfigError(
            f"`import pylearn2` gave a real Pylearn2 ({pylearn2.__file__}), which runs on Theano "
            f"and can't be mixed with this one. Take it off the path (`pip uninstall pylearn2`, "
            f"or PYTHONPATH), or use an environment of its own for it."
        )


@contextmanager
def restrict(allowed: Allowed | None) -> Iterator[None]:
    """Let `allowed` decide what `resolve` may name in here; None keeps what holds already."""
    reset = _allowed.set(allowed or _allowed.get())
    try:
        yield
    finally:
        _allowed.reset(reset)


def resolve(dotted: str) -> object:
    """The object that `dotted` names: a module, or an attribute of one.

    Under `restrict` the walk also stops at a module that another module merely imported.
    Raises ConfigError (with no place) for a name that does not exist, is refused, or whose module
    fails when imported; the module's own error is then the cause.
    """
    first, *rest = dotted.split(".")
    if not all(part.isidentifier() for part in (first, *rest)):
        raise ConfigError(f"`{dotted}` is no dotted name of a module, class or function.")
    allowed = _allowed.get()
    if allowed is not None:
        allowed(dotted, NOT_IMPORTED)
    found: object = _import(first)
    if found is None:
        raise ConfigError(_no_module(first))
    for done, name in enumerate(rest, start=1):
        found = _step(found, ".".join((first, *rest[:done])), name, strict=allowed is not None)
    if allowed is not None:
        allowed(dotted, found)
    return found


def _step(owner: object, dotted: str, name: str, *, strict: bool) -> object:
    """What `name` is in `owner`; `dotted` names both."""
    found = getattr(owner, name, _MISSING)
    if not isinstance(owner, ModuleType):
        if found is _MISSING:
            raise ConfigError(_no_attribute(owner, dotted, name))
        return found
    if found is not _MISSING and not isinstance(found, ModuleType):
        return found
    module = _import(dotted)
    if module is not None:
        return module
    if found is _MISSING:
        raise ConfigError(_no_attribute(owner, dotted, name))
    if strict:
        raise ConfigError(
            f"`{dotted}` is the module {_name(found)}, which {_name(owner)} only imports. "
            f"Name a class or function of {_name(owner)} itself."
        )
    return found


def _import(dotted: str) -> ModuleType | None:
    """The module, or None where there is none of that name."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as err:
        if err.name == dotted:
            return None
        raise ConfigError(_import_failed(dotted, err)) from err
    except ConfigError:
        raise
    except Exception as err:
        raise ConfigError(_import_failed(dotted, err)) from err


def _import_failed(dotted: str, err: Exception) -> str:
    return f"importing `{dotted}` failed with {type(err).__name__}: {err}"


def _no_module(name: str) -> str:
    beside = (path.stem for path in paths.to_read("").glob("*.py"))
    known = {"pylearn2", "pylearn2core", *beside, *(key for key in sys.modules if "." not in key)}
    return (
        f"there is no module `{name}`{did_you_mean(name, known)}, neither beside the experiment's "
        f"file nor on Python's path."
    )


def _no_attribute(owner: object, dotted: str, name: str) -> str:
    known = {key for key in dir(owner) if not key.startswith("_")}
    if isinstance(owner, ModuleType):
        known |= {module.name for module in pkgutil.iter_modules(getattr(owner, "__path__", ()))}
    kind = "module" if isinstance(owner, ModuleType) else "object"
    parent = dotted.rpartition(".")[0]
    advice = instead(dotted)
    hint = "" if advice else did_you_mean(name, known)
    return f"{kind} `{parent}` has no `{name}`{hint}.{advice}"


def _name(module: object) -> str:
    return str(getattr(module, "__name__", module))


# ------------------------------------------------------------------ what a sweep may name
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
            or _below(dotted, (*_FACADE, *self.modules))
            or dotted in _NUMPY
            or dotted.startswith("numpy.random.")
            or (self.folder / f"{top}.py").is_file()
            or (self.folder / top).is_dir()
        )

    def _module_allowed(self, module: str, dotted: str) -> bool:
        if _below(module, ("pylearn2core", *self.modules)) or self._is_users(module):
            return True
        if _below(dotted, ("numpy",)):
            return _below(module, ("numpy",))
        # The Theano facade hands PyTensor's own functions on.
        return _below(dotted, _FACADE) and _below(module, ("pytensor.tensor",))

    def _is_users(self, module: str) -> bool:
        """Whether the top-level module of that name was loaded from the spec's folder itself."""
        top = module.partition(".")[0]
        loaded = sys.modules.get(top)
        file = getattr(loaded, "__file__", None)
        places = [file] if file else list(getattr(loaded, "__path__", ()))
        allowed = (self.folder, self.folder / top)
        return any(
            Path(place).resolve().parent in allowed or Path(place).resolve() == self.folder / top
            for place in places
        )

    def _refusal(self, dotted: str, subject: str) -> str:
        top = dotted.partition(".")[0]
        if "._" in dotted:
            return f"{subject} has a part that starts with `_`, which can't be named here."
        if importlib.util.find_spec(top) is None:
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


def _below(dotted: str, tops: Iterable[str]) -> bool:
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
