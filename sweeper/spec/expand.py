"""Points to trials: the experiment rendered for each, one text for all of one shape."""

from __future__ import annotations

import base64
import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError, Where
from sweeper.records import ExperimentText, Trial, Value
from sweeper.records.errors import InputError
from sweeper.spec.identity import canonical, same, trial_id
from sweeper.spec.load import Spec, where_to_seed
from sweeper.spec.place import input_error, listed
from sweeper.spec.points import find_points


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
    """

    merged: int
    dropped: int
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many trials; merged, dropped: points, before `repeat`."""

    trials: int
    merged: int
    dropped: int


def count(spec: Spec) -> Count:
    """Count the trials without rendering one. Raises InputError where `where` keeps none."""
    points = find_points(spec)
    seeds = len(spec.axes.seeds or (0,))
    return Count(len(points.kept) * seeds, points.merged, points.dropped)


def expand(spec: Spec) -> Expansion:
    """Return the sweep's trials in order, each seed of a point after the other.

    Raises InputError for an experiment that is no template or no YAML, for two trials that are the
    same experiment or write the same file.
    """
    points = find_points(spec)
    shapes = _Shapes(spec)
    trials = shapes.trials(points.kept)
    notices = _check_different(spec, shapes, trials)
    _check_save_paths(spec, shapes, trials)
    return Expansion(tuple(trials), shapes.texts, points.merged, points.dropped, notices)


def expand_points(spec: Spec, found: Iterable[Mapping[str, Value]]) -> Expansion:
    """Return the trials of some points of a sweep whose other points are not known yet.

    Two of them may be the same experiment: what finds points can't know that.
    Raises InputError for an experiment that is no template or no YAML, or writes a file that
    another trial would write too.
    """
    points = [
        (values, {name: canonical(name, value) for name, value in values.items()})
        for values in found
    ]
    shapes = _Shapes(spec)
    trials = shapes.trials(points)
    for trial, path, node in _save_paths_of(shapes, trials):
        if nodes.TRIAL not in path:
            raise input_error(
                f"a trial saves to {path}, and one that comes later may too. Write a relative "
                "path, which each trial has for itself, or put {{ trial }} into it.",
                Where(spec.source, node.line, "save_path"),
            )
    return Expansion(tuple(trials), shapes.texts, merged=0, dropped=0, notices=())


def resolved(
    spec: Spec, trial: Trial, texts: Mapping[str, ExperimentText], out: str = "OUT"
) -> str:
    """Return the trial's YAML with every value written in; `out` stands for its folder."""
    text = texts[trial.text_id].text
    try:
        return nodes.resolve(text, trial.tokens, trial=trial.id, out=out)
    except ConfigError as error:
        raise InputError(f"{spec.source}, trial {trial.id}: {error}") from None


# ------------------------------------------------------------------ texts
@dataclass(frozen=True, slots=True)
class _Shape:
    """save_paths: nodes of the value of each `save_path`.    used: numbers of the text's tokens."""

    text_id: str
    text: ExperimentText
    save_paths: tuple[nodes.Node, ...]
    used: tuple[int, ...]


class _Shapes:
    """Renders trials, and parses each distinct text once."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.renderer = spec.renderer()
        self.found: dict[str, _Shape] = {}
        self._by_text: dict[str, _Shape] = {}
        self._fixed = {**spec.variables, "trial": nodes.TRIAL, "out": nodes.OUT}

    @property
    def texts(self) -> dict[str, ExperimentText]:
        """The texts that were found, by their ids."""
        return {text_id: shape.text for text_id, shape in self.found.items()}

    def trials(
        self, points: Iterable[tuple[Mapping[str, Value], Mapping[str, str]]]
    ) -> list[Trial]:
        """Return the trials of these points, each seed of a point after the other."""
        trials: list[Trial] = []
        for values, parts in points:
            for seed in self.spec.axes.seeds or (0,):
                trials.append(self.trial(len(trials), values, parts, seed))
        return trials

    def trial(
        self, ordinal: int, values: Mapping[str, Value], parts: Mapping[str, str], seed: int
    ) -> Trial:
        """Return the trial of these values. parts: their canonical text."""
        names = list(parts.values())
        if self.spec.axes.seeds:
            values = {**values, "seed": seed}
            names.append(canonical("seed", seed))
        variables = {**self._fixed, "seed": seed, **values}
        rendered = self.renderer.render(variables, values)
        shape = self._by_text.get(rendered.text)
        if shape is None:
            shape = self._new_shape(rendered.text, variables)
        return Trial(trial_id(names), ordinal, values, shape.text_id, rendered.tokens)

    def _new_shape(self, text: str, variables: Mapping[str, Value]) -> _Shape:
        self.renderer.check_text(text)
        lines = self.renderer.lines(variables, text)
        try:
            documents = nodes.parse(text, source=self.spec.source, lines=lines)
        except ConfigError as error:
            raise InputError(str(error)) from None
        if all(isinstance(doc, nodes.Scalar) and doc.value is None for doc in documents):
            raise input_error("the experiment is empty.", Where(self.spec.source, lines[0]))
        digest = hashlib.sha256(text.encode()).digest()
        text_id = base64.b32encode(digest[:10]).decode().lower()
        shape = _Shape(
            text_id,
            ExperimentText(self.spec.source, text, lines),
            tuple(_save_paths(documents)),
            tuple(sorted({int(number) for number in nodes.TOKEN.findall(text)})),
        )
        self._by_text[text] = self.found[text_id] = shape
        return shape


def _save_paths(documents: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield the values of all keys `save_path`, where they are single values."""
    seen: set[int] = set()
    left = list(documents)
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, nodes.Tagged):
            left.append(node.body)
        elif isinstance(node, nodes.Sequence):
            left.extend(node.items)
        elif isinstance(node, nodes.Mapping):
            for key, value in node.pairs:
                left.append(value)
                is_path = isinstance(key, nodes.Scalar) and key.value == "save_path"
                if is_path and isinstance(value, nodes.Scalar | nodes.Token | nodes.Text):
                    yield value


# ------------------------------------------------------------------ trials that must differ
def _check_different(spec: Spec, shapes: _Shapes, trials: list[Trial]) -> tuple[str, ...]:
    """Raise InputError for two trials that train the same; return a notice where seeds do."""
    first: dict[tuple[str, str], Trial] = {}
    idle_seeds = 0
    for trial in trials:
        used = shapes.found[trial.text_id].used
        # repr keeps 1, 1.0, True and '1' apart.
        key = (trial.text_id, repr([trial.tokens[i] for i in used]))
        other = first.setdefault(key, trial)
        if other is trial:
            continue
        axes = [name for name, value in trial.values.items() if not same(value, other.values[name])]
        if axes != ["seed"]:
            raise input_error(
                f"two trials are the same experiment: {_of(other.values)}; "
                f"and {_of(trial.values)}. What differs ({listed(axes)}) changes nothing there. "
                "Use it in the experiment, or drop one of the two with `where`.",
                spec.axes.places.get(axes[0], Where(spec.source)),
            )
        idle_seeds += 1
    if not idle_seeds:
        return ()
    return (
        f"{spec.source}: {idle_seeds} repeats build the same experiment as another: only the "
        "generators of numpy.random and random start otherwise in them. " + where_to_seed(spec),
    )


def _check_save_paths(spec: Spec, shapes: _Shapes, trials: list[Trial]) -> None:
    writers: dict[str, Trial] = {}
    for trial, path, node in _save_paths_of(shapes, trials):
        (path,) = nodes.bind((path,), trial=trial.id, out="OUT")
        other = writers.setdefault(posixpath.normpath(path), trial)
        if other is not trial:
            raise input_error(
                f"two trials save to {path}: {_of(other.values)}; and {_of(trial.values)}. "
                "Write a relative path, which each trial has for itself, or put {{ trial }} "
                "into it.",
                Where(spec.source, node.line, "save_path"),
            )


def _save_paths_of(
    shapes: _Shapes, trials: Iterable[Trial]
) -> Iterator[tuple[Trial, str, nodes.Node]]:
    """Yield the absolute paths that trials save to, with where each stands."""
    for trial in trials:
        for node in shapes.found[trial.text_id].save_paths:
            path = nodes.fill(node, trial.tokens)
            if isinstance(path, str) and path.startswith(("/", "~")):
                yield trial, path, node


def _of(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items()) or "no values"
