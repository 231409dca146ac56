"""What an experiment's tags name, as far as it can be seen without importing anything.

`!obj:` of a module that is not there, or of a name that a module's text does not have, ends every
trial: to say so before one starts costs a look at the disk.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pylearn2core.config.allowed import (
    NOT_IMPORTED,
    allow_list,
    below,
    hidden_beside,
    is_installed,
)
from pylearn2core.config.instead import instead
from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean, shortened
from sweeper.records.errors import InputError
from sweeper.spec.place import input_error, listed

if TYPE_CHECKING:
    from sweeper.spec.expand import Expansion
    from sweeper.spec.load import Spec

_TAGS = ("!obj:", "!import:", "!pkl:", "!float")
_LONGEST = 2_000_000
_OURS = "pylearn2core"
_ALIASES = (_OURS, "pylearn2")
_FACADES = ("theano",)  # found once pylearn2 is imported
# A module that may have names which its text does not spell out.
_DYNAMIC = re.compile(
    r"import\s*\*|import\s*\(\s*\*|__getattr__|__dict__|globals\(|setattr\(|exec\(|vars\(|sys\.modules"
)
_DEFINED = re.compile(r"^(?:class|def|async def)\s+(\w+)|^(\w+)\s*[:=]", re.MULTILINE)


def check_names(spec: Spec, expansion: Expansion, *, here: bool = True) -> None:
    """Raise InputError for the first name that no trial could resolve. Imports nothing.

    here: the trials run with what is installed on this machine.
    """
    for fault in _faults(spec, expansion, here=here):
        raise fault


def missing_names(spec: Spec, expansion: Expansion) -> tuple[str, ...]:
    """Return what `check_names` would say, for the first few names."""
    return tuple(str(fault) for fault in _faults(spec, expansion, here=True)[:3])


def _faults(spec: Spec, expansion: Expansion, *, here: bool) -> list[InputError]:
    folder = spec.path.absolute().parent
    allowed = allow_list(spec.header.modules, folder)
    faults: dict[str, InputError] = {}
    for dotted, where in expansion.named.items():
        if "${" in dotted:
            continue  # of the environment of the worker
        try:
            if dotted.startswith("!"):
                raise ConfigError(f"`{shortened(dotted)}` is no tag: there are {listed(_TAGS)}.")
            if not all(part.isidentifier() for part in dotted.split(".")):
                shown = shortened(dotted)
                raise ConfigError(f"`{shown}` is no dotted name of a module, class or function.")
            allowed(dotted, NOT_IMPORTED)
            if not below(dotted, spec.header.modules):
                _check_not_hidden(dotted.partition(".")[0], folder)
            _check_there(dotted, folder, here=here)
        except ConfigError as error:
            faults.setdefault(error.message, input_error(error.message, where))
    return list(faults.values())


def _check_not_hidden(top: str, folder: Path) -> None:
    """Raise ConfigError where a module of Python's own has the name of one beside the spec.

    One that is loaded here is loaded in every worker: no path leads to the user's any more.
    """
    if top in sys.stdlib_module_names and (hidden := hidden_beside(top, folder)):
        raise ConfigError(hidden)


def _check_there(dotted: str, folder: Path, *, here: bool) -> None:
    """Raise ConfigError for a name that is surely not there."""
    parts = dotted.split(".")
    if parts[0] in _ALIASES:
        found = importlib.util.find_spec(_OURS)
        root = Path(found.origin).parents[1] if found and found.origin else folder
        _check_parts(dotted, root, [_OURS, *parts[1:]])
    elif (folder / f"{parts[0]}.py").is_file() or (folder / parts[0]).is_dir():
        _check_parts(dotted, folder, parts)
    elif here and parts[0] not in _FACADES and not is_installed(parts[0]):
        raise ConfigError(
            f"there is no module `{parts[0]}`, which the header's `modules` allows: it is not "
            "installed here."
        )


def _check_parts(dotted: str, folder: Path, parts: list[str]) -> None:
    """Follow packages and modules below `folder`, as far as files tell."""
    for i, (part, inner) in enumerate(pairwise(parts), start=1):
        package, file = folder / part, folder / f"{part}.py"
        is_package = package.is_dir() and (
            (package / "__init__.py").is_file() or not file.is_file()
        )
        if (is_package and any(package.glob(f"{inner}.*"))) or (package / inner).is_dir():
            folder = package
            continue
        source = package / "__init__.py" if is_package else file
        if source.is_file():
            name = ".".join([dotted.split(".", maxsplit=1)[0], *parts[1:i]])
            _check_said(name, inner, source, package if is_package else None)
        return


def _check_said(module: str, name: str, source: Path, package: Path | None) -> None:
    """Raise ConfigError where the text of `source` does not hold the word `name`."""
    try:
        with source.open("rb") as file:
            text = file.read(_LONGEST + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if len(text) > _LONGEST or re.search(rf"\b{re.escape(name)}\b", text) or _DYNAMIC.search(text):
        return
    known = {found[1] or found[2] for found in _DEFINED.finditer(text)}
    known |= {path.stem for path in package.iterdir()} if package is not None else set()
    advice = instead(f"{module}.{name}")
    hint = "" if advice else did_you_mean(name, sorted(known))
    raise ConfigError(f"module `{module}` has no `{name}`{hint}.{advice}")
