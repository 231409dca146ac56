"""Dotted names to Python objects, and the list of what a sweep may name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType

from pylearn2core import paths
from pylearn2core.config.allowed import NOT_IMPORTED, Allowed, hidden_beside
from pylearn2core.config.instead import instead
from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean

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
    if hidden := hidden_beside(dotted.partition(".")[0], paths.to_read("")):
        return f"{kind} `{parent}` has no `{name}`. {hidden}"
    advice = instead(dotted)
    hint = "" if advice else did_you_mean(name, known)
    return f"{kind} `{parent}` has no `{name}`{hint}.{advice}"


def _name(module: object) -> str:
    return str(getattr(module, "__name__", module))
