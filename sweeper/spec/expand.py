"""Points to trials: the experiment rendered for each, one text for all of one shape."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError, Where
from sweeper.records import ExperimentText, Trial, Value
from sweeper.records.errors import InputError
from sweeper.spec.identity import canonical, same
from sweeper.spec.load import Spec, where_to_seed
from sweeper.spec.place import assigned, input_error, listed
from sweeper.spec.points import find_points
from sweeper.spec.shapes import Shapes

_DOUBTS = 5  # that are told
_LONG = 200  # characters: the digest is shorter


@dataclass(frozen=True, slots=True)
class Proposal:
    """A batch of trials.

    trials: in order; a store gives those that it does not hold yet the ordinals that follow.
    texts: the experiments' texts of these trials, by text_id.
    """

    trials: tuple[Trial, ...]
    texts: Mapping[str, ExperimentText]


@dataclass(frozen=True, slots=True)
class Expansion(Proposal):
    """All trials of a grid.

    merged, dropped: points, before `repeat`.    notices: paragraphs for the user.
    named: each dotted name that an experiment's tags name, and where the first of them stands.
    """

    merged: int
    dropped: int
    notices: tuple[str, ...]
    named: Mapping[str, Where]


@dataclass(frozen=True, slots=True)
class Count:
    """How many trials; merged, dropped: points, before `repeat`."""

    trials: int
    merged: int
    dropped: int


def count(spec: Spec) -> Count:
    """Count the trials without rendering one. Raises InputError where `where` keeps none."""
    seeds = len(spec.axes.seeds or (0,))
    if spec.search is not None:
        return Count(spec.search.trials * seeds, merged=0, dropped=0)
    points = find_points(spec)
    return Count(len(points.kept) * seeds, points.merged, points.dropped)


def expand(spec: Spec) -> Expansion:
    """Return the sweep's trials in order, each seed of a point after the other.

    Raises InputError for an experiment that is no template or no YAML, for two trials that are the
    same experiment or write the same file.
    """
    assert spec.search is None, "a search has no trials before it is asked"
    points = find_points(spec)
    shapes = Shapes(spec)
    trials = shapes.trials(points.kept)
    idle = _check_different(spec, shapes, trials)
    _check_save_paths(spec, shapes, trials)
    return _expansion(spec, shapes, trials, points.merged, points.dropped, idle)


def expand_points(spec: Spec, found: Iterable[Mapping[str, Value]]) -> Expansion:
    """Return the trials of some points of a sweep whose other points are not known yet.

    Two of them may be the same experiment: what finds points can't know that.
    Raises InputError for an experiment that is no template or no YAML, or saves to a path that is
    not each trial's own.
    """
    points = (
        (values, {name: canonical(name, value) for name, value in values.items()})
        for values in found
    )
    shapes = Shapes(spec)
    trials = shapes.trials(points)
    for _, path, node in _save_paths(shapes, trials):
        if nodes.TRIAL not in path:
            raise input_error(
                f"a trial saves to {path}, and one that comes later may too. Write a relative "
                "path, which each trial has for itself, or put {{ trial }} into it.",
                Where(spec.source, node.line, "save_path"),
            )
    return _expansion(spec, shapes, trials)


def _expansion(
    spec: Spec,
    shapes: Shapes,
    trials: list[Trial],
    merged: int = 0,
    dropped: int = 0,
    idle: tuple[str, ...] = (),
) -> Expansion:
    told = dict.fromkeys(one for shape in shapes.found.values() for one in shape.doubts)
    return Expansion(
        tuple(trials),
        {text_id: shape.text for text_id, shape in shapes.found.items()},
        merged,
        dropped,
        (*spec.notices, *list(told)[:_DOUBTS], *idle),
        shapes.named,
    )


def resolved(
    spec: Spec, trial: Trial, texts: Mapping[str, ExperimentText], out: str = "OUT"
) -> str:
    """Return the trial's YAML with every value written in; `out` stands for its folder."""
    text = texts[trial.text_id].text
    try:
        return nodes.resolve(text, trial.tokens, trial=trial.id, out=out)
    except ConfigError as error:
        raise InputError(f"{spec.source}, trial {trial.id}: {error}") from None


# ------------------------------------------------------------------ trials that must differ
def _check_different(spec: Spec, shapes: Shapes, trials: list[Trial]) -> tuple[str, ...]:
    """Raise InputError for two trials that train the same; return a notice where seeds do."""
    first: dict[tuple[str, str | bytes], Trial] = {}
    idle_seeds = 0
    for trial in trials:
        used = shapes.found[trial.text_id].holds.used
        key = (trial.text_id, _key([trial.tokens[i] for i in used]))
        other = first.setdefault(key, trial)
        if other is trial:
            continue
        axes = [name for name, value in trial.values.items() if not same(value, other.values[name])]
        if axes != ["seed"]:
            raise input_error(
                f"two trials are the same experiment: {assigned(other.values)}; "
                f"and {assigned(trial.values)}. What differs ({listed(axes)}) changes nothing "
                f"there. {_where_it_stands(spec, axes[0])}Use it in the experiment, or drop one of "
                "the two with `where`.",
                spec.axes.places.get(axes[0], Where(spec.source)),
            )
        idle_seeds += 1
    if not idle_seeds:
        return ()
    return (
        f"{spec.source}: {idle_seeds} repeats build the same experiment as another: only the "
        "generators of numpy.random and random start otherwise in them. " + where_to_seed(spec),
    )


def _key(tokens: Sequence[Value]) -> str | bytes:
    # repr keeps 1, 1.0, True and '1' apart.
    text = repr(tokens)
    return text if len(text) < _LONG else hashlib.sha256(text.encode()).digest()


def _where_it_stands(spec: Spec, axis: str) -> str:
    """Say that an axis is named in comments, where it changes nothing."""
    named = re.compile(rf"#.*\{{[{{%].*\b{re.escape(axis)}\b")
    rows = enumerate(spec.experiment.split("\n"), spec.first_line)
    lines = [str(line) for line, row in rows if named.search(row)]
    return (
        f"A comment names {axis} (line {lines[0]}), and comments train nothing. " if lines else ""
    )


def _check_save_paths(spec: Spec, shapes: Shapes, trials: list[Trial]) -> None:
    writers: dict[str, Trial] = {}
    for trial, path, node in _save_paths(shapes, trials):
        (bound,) = nodes.bind((path,), trial=trial.id, out="OUT")
        other = writers.setdefault(posixpath.normpath(bound), trial)
        if other is not trial:
            raise input_error(
                f"two trials save to {bound}: {assigned(other.values)}; and "
                f"{assigned(trial.values)}. Write a relative path, which each trial has for "
                "itself, or put {{ trial }} into it.",
                Where(spec.source, node.line, "save_path"),
            )


def _save_paths(shapes: Shapes, trials: Iterable[Trial]) -> Iterator[tuple[Trial, str, nodes.Node]]:
    """Yield the absolute paths that trials save to, with where each stands."""
    for trial in trials:
        for node in shapes.found[trial.text_id].holds.save_paths:
            path = nodes.fill(node, trial.tokens)
            if isinstance(path, str) and path.startswith(("/", "~")):
                yield trial, path, node
