"""A spec file to a checked Spec: the header read, the experiment compiled, nothing run.

The header is everything before the first line that is `---` alone (one at the file's top aside),
the experiment all the rest; that may hold several documents, which are phases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pylearn2core.config.nodes import MARKER, Tagged, parse, value_of
from pylearn2core.errors import ConfigError, Where
from pylearn2core.words import did_you_mean
from sweeper.records import SweepSpec, Value
from sweeper.records.errors import InputError
from sweeper.spec.axes import RESERVED, Axes
from sweeper.spec.defines import read_defines
from sweeper.spec.header import read_header
from sweeper.spec.limits import MAX_LINES
from sweeper.spec.percent import percent_advice, percent_names
from sweeper.spec.place import Place, describe, input_error, listed
from sweeper.spec.plain import read_text
from sweeper.spec.render import Renderer, UnknownNameError
from sweeper.spec.search.config import Search
from sweeper.spec.where import Condition

_SEPARATOR = re.compile(r"---[ \t]*(#.*)?")
# Classes of Pylearn2's that take a seed and have a fixed one by default.
_SEEDED = re.compile(r"!obj:[\w.]*\.(MLP|SGD|BGD|Dropout|DBM|RBM|Autoencoder|digits)\b")


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec file, checked.

    source: the file as the user named it.    path: the same as a path.    text: all of it.
    defines: of `-D name=value`, as given; variables: the same, typed.
    experiment: the template after the header; first_line: its first line in the file, from 1.
    notices: paragraphs on what may be meant otherwise.
    search: what proposes points, None where all are known.
    """

    header: SweepSpec
    axes: Axes
    source: str
    path: Path
    text: str
    defines: Mapping[str, str]
    variables: Mapping[str, Value]
    experiment: str
    first_line: int
    notices: tuple[str, ...]
    search: Search | None = None

    def renderer(self) -> Renderer:
        """Return the experiment's template, compiled, for the renderings of one sweep."""
        renderer = _compiled(self.experiment, self.source, self.first_line)
        renderer.begin()
        return renderer


# To compile a template takes as long as to render some hundred trials.
@lru_cache(maxsize=4)
def _compiled(experiment: str, source: str, first_line: int) -> Renderer:
    advice = "The experiment knows the axes, the names of -D, seed, trial and out."
    return Renderer(experiment, source, first_line=first_line, advice=advice)


def load(path: Path, defines: Mapping[str, str] | None = None) -> Spec:
    """Read and check the spec file at `path`. Raises InputError."""
    return loads(read_text(Path(path)), str(path), defines, path=path)


def loads(
    text: str,
    source: str,
    defines: Mapping[str, str] | None = None,
    *,
    path: Path | None = None,
) -> Spec:
    """Check the spec `text`. source: its file's name, for errors. Raises InputError."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    defines = dict(defines or {})
    if text.count("\n") > MAX_LINES:
        raise InputError(f"{source}: more than {MAX_LINES:,} lines, which no spec has.")
    _check_marker(text, source)
    head, head_line, experiment, first_line = _split(text, source)
    variables, doubtful = read_defines(defines)
    names, place = _read_head(head, head_line, source, variables)
    path = Path(source) if path is None else path
    header = read_header(place, path.name.split(".")[0], variables)
    spec = Spec(
        header.sweep,
        header.axes,
        source,
        path,
        text,
        defines,
        variables,
        experiment,
        first_line,
        (*header.notices, *doubtful),
        header.search,
    )
    used = spec.renderer().names
    asked = header.search.space.walker().names if header.search else frozenset[str]()
    condition = Condition(spec.axes, variables)
    _check_defines(spec, names | used | condition.names | asked)
    _check_used(spec, used)
    return spec


def _check_marker(text: str, source: str) -> None:
    at = text.find(MARKER)
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        message = f"{MARKER!r} is the renderer's own mark and can't stand in a spec. Rename it."
        raise input_error(message, Where(source, line))


# ------------------------------------------------------------------ header and experiment
def _split(text: str, source: str) -> tuple[str, int, str, int]:
    """Return the header, its first line, the experiment, its first line."""
    rows = text.split("\n")
    start = 0
    while start < len(rows) and re.fullmatch(r"\s*(#.*)?", rows[start]):
        start += 1
    if start < len(rows) and _SEPARATOR.fullmatch(rows[start]):
        start += 1
    else:
        start = 0
    ends = (i for i in range(start, len(rows)) if _SEPARATOR.fullmatch(rows[i]))
    end = next(ends, None)
    experiment = "" if end is None else "\n".join(rows[end + 1 :])
    if not any(_says_something(row) for row in experiment.split("\n")):
        raise input_error(
            "one document found, two expected: the header, which starts with `sweep:`, a line that "
            "is `---` alone, and the experiment.",
            Where(source),
        )
    return "\n".join(rows[start:end]) + "\n", start + 1, experiment, (end or 0) + 2


def _says_something(row: str) -> bool:
    return bool(row.strip()) and not _SEPARATOR.fullmatch(row) and row.strip()[0] != "#"


def _read_head(
    head: str, line: int, source: str, variables: Mapping[str, Value]
) -> tuple[frozenset[str], Place]:
    """Return the names that the header uses, and the value of its key `sweep`."""
    advice = "The header knows the names of -D alone: give it with -D name=value."
    renderer = Renderer(head, source, first_line=line, advice=advice)
    rendered = renderer.render(variables)
    lines = renderer.lines(variables, rendered.text)
    try:
        documents = parse(rendered.text, source=source, lines=lines)
        if len(documents) == 1 and not isinstance(documents[0], Tagged):
            value = value_of(documents[0], rendered.tokens, source=source)
            return renderer.names, _sweep(Place(source, documents[0], value))
    except ConfigError as error:
        raise InputError(str(error)) from None
    found = f"{len(documents)} documents" if len(documents) != 1 else "an object"
    raise input_error(
        f"the header must be one map with the key `sweep`, got {found}. "
        "Write the header first, then a line that is `---` alone, then the experiment.",
        Where(source, line),
    )


def _sweep(top: Place) -> Place:
    if not isinstance(top.value, dict) or list(top.value) != ["sweep"]:
        keys = [str(key) for key in top.value] if isinstance(top.value, dict) else []
        got = f"the keys {listed(keys)}" if keys else describe(top.value)
        raise top.error(f"the header's one key must be `sweep`, got {got}.")
    place = top.child("sweep")
    if place.value is None:
        return Place(place.source, place.root, {}, place.path)
    return place


# ------------------------------------------------------------------ names
def _check_defines(spec: Spec, used: frozenset[str]) -> None:
    axes = spec.axes
    for name in spec.defines:
        if name in axes.places:
            raise InputError(
                f"-D {name}: {name} is an axis already ({axes.places[name]}). "
                "Remove the axis, or give another name."
            )
        if name not in used:
            if name in percent_names(spec.experiment):
                raise InputError(f"-D {name}: nothing uses it.{percent_advice(spec.experiment)}")
            free = used - set(axes.places) - RESERVED
            meant = did_you_mean(name, free)
            raise InputError(
                f"-D {name}: nothing in {spec.source} uses this name{meant}. Remove it."
            )


def _check_used(spec: Spec, used: frozenset[str]) -> None:
    for name, where in spec.axes.places.items():
        if name not in used:
            if name in percent_names(spec.experiment):
                advice = percent_advice(spec.experiment)
                raise input_error(f"the experiment never uses this axis.{advice}", where)
            if f"${{{name}}}" in spec.experiment:
                raise input_error(
                    f"the experiment never uses this axis. `${{{name}}}` is a variable of the "
                    f"environment: write {{{{ {name} }}}}.",
                    where,
                )
            _check_known(spec, used, f"And it never uses the axis {name} ({where}).")
            raise input_error(
                "the experiment never uses this axis, so its values would all train the same. "
                f"Write {{{{ {name} }}}} in the experiment, or remove the axis.",
                where,
            )
    if spec.axes.seeds and spec.axes.seeds != (0,) and "seed" not in used:
        raise input_error(
            "the experiment never uses `seed`, so every repeat would train the same. "
            f"{where_to_seed(spec)}",
            spec.axes.repeat_at,
        )


def _check_known(spec: Spec, used: frozenset[str], too: str) -> None:
    """Raise InputError where the first point meets an unknown variable, which explains much.

    too: another fault of the experiment, said in the same paragraph.
    """
    first = {name: value for factor in spec.axes.factors for name, value in factor.first().items()}
    other = dict.fromkeys((*RESERVED, *spec.axes.places), 0)
    known = {**spec.variables, **other, **first}
    if used <= known.keys():
        return
    try:
        spec.renderer().render(known)
    except UnknownNameError as error:
        raise InputError(f"{error} {too}") from None
    except InputError:
        return  # an expression that fails is told when the axes are in order


def where_to_seed(spec: Spec) -> str:
    """Say where `{{ seed }}` belongs: the classes that the experiment names, with their lines."""
    found = []
    for i, row in enumerate(spec.experiment.split("\n")):
        found += [f"{m[1]} in line {spec.first_line + i}" for m in _SEEDED.finditer(row)]
    places = f": {listed(found)}" if found else ", such as MLP and SGD"
    return f"Write `seed: {{{{ seed }}}}` in each class that takes a seed{places}."
