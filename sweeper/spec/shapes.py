"""Trials rendered: one text for all trials of one shape, parsed once, and each trial's values."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError, Where
from sweeper.records import ExperimentText, Trial, Value
from sweeper.records.errors import InputError
from sweeper.spec.doubts import doubts
from sweeper.spec.identity import canonical, trial_id
from sweeper.spec.limits import MAX_KEPT, MAX_TEXTS
from sweeper.spec.load import Spec
from sweeper.spec.percent import percent_advice
from sweeper.spec.place import describe, input_error
from sweeper.spec.survey import Survey, survey
from sweeper.spec.work import CHARACTERS


@dataclass(frozen=True, slots=True)
class Shape:
    """holds: what is in the documents.    doubts: what in them may be other than it looks."""

    text_id: str
    text: ExperimentText
    documents: Sequence[nodes.Node]
    holds: Survey
    doubts: tuple[str, ...]

    @property
    def varies(self) -> bool:
        """Whether what a tag names, or what the experiment is, depends on a trial's values."""
        roots = (nodes.Token, nodes.Text)
        return self.holds.names_vary or any(isinstance(doc, roots) for doc in self.documents)


def check_experiment(document: nodes.Node, tokens: Sequence[Value], source: str) -> None:
    """Raise InputError for a document that is neither an object nor a list of objects."""
    parts = document.items if isinstance(document, nodes.Sequence) else (document,)
    wrong = [part for part in parts if not isinstance(part, nodes.Tagged) or part.tag == "float"]
    if parts and not wrong:
        return
    node = wrong[0] if wrong else document
    if isinstance(node, nodes.Sequence | nodes.Mapping):
        found = "a list" if isinstance(node, nodes.Sequence) else "a map"
    elif isinstance(node, nodes.Tagged):
        found = "a number"
    else:
        found = describe(nodes.fill(node, tokens, source=source))
    is_list = isinstance(document, nodes.Sequence)
    raise input_error(
        f"the experiment is {'a list with ' if is_list and wrong else ''}{found}: expected an "
        "object that yields rows, such as `!obj:module.Class {...}`, or a list of them.",
        Where(source, node.line),
    )


class Shapes:
    """Renders trials.

    found: shapes by text_id.    named: each dotted name that a tag of a trial names, and where.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.renderer = spec.renderer()
        self.found: dict[str, Shape] = {}
        self.named: dict[str, Where] = {}
        self._by_text: dict[str, Shape] = {}
        self._fixed = {**spec.variables, "trial": nodes.TRIAL, "out": nodes.OUT}
        self._nodes = self._characters = 0

    def trials(
        self, points: Iterable[tuple[Mapping[str, Value], Mapping[str, str]]]
    ) -> list[Trial]:
        """Return the trials of points with their canonical text, each seed after the other."""
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
            self._look(shape, rendered.tokens)
        elif shape.varies:
            self._look(shape, rendered.tokens)
        return Trial(trial_id(names), ordinal, values, shape.text_id, rendered.tokens)

    def _look(self, shape: Shape, tokens: Sequence[Value]) -> None:
        for one in shape.holds.named:
            self.named.setdefault(one.dotted(tokens), Where(self.spec.source, one.line))
        for document in shape.documents:
            check_experiment(document, tokens, self.spec.source)

    def _new_shape(self, text: str, variables: Mapping[str, Value]) -> Shape:
        self.renderer.check_text(text)
        lines = self.renderer.lines(variables, text)
        source = self.spec.source
        try:
            documents = nodes.parse(text, source=source, lines=lines)
        except ConfigError as error:
            raise InputError(f"{error}{percent_advice(self.spec.experiment)}") from None
        if all(isinstance(doc, nodes.Scalar) and doc.value is None for doc in documents):
            raise input_error("the experiment is empty.", Where(source, lines[0]))
        holds = survey(documents)
        self._count(text, holds)
        digest = hashlib.sha256(text.encode()).digest()
        text_id = base64.b32encode(digest[:10]).decode().lower()
        told = doubts(documents, source)
        shape = Shape(text_id, ExperimentText(source, text, lines), documents, holds, told)
        self._by_text[text] = self.found[text_id] = shape
        return shape

    def _count(self, text: str, holds: Survey) -> None:
        self._nodes += holds.size
        self._characters += len(text)
        if self._nodes > MAX_TEXTS or self._characters > CHARACTERS * MAX_KEPT:
            raise input_error(
                f"more than {len(self.found):,} trials are experiments of other shapes, which come "
                f"to more than {MAX_TEXTS:,} values in all. Let fewer axes change what the "
                "experiment is built of; a value that is printed as it is changes no shape.",
                Where(self.spec.source, self.spec.first_line),
            )
