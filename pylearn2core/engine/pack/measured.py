"""Measurements that were made before: trials that start from the same values measure the same.

A sweep over a learning rate builds each trial's model from the same seed, and monitors it before
the first epoch. What a step without random states measures follows from its program, its values
and its data. Where the values came from host code, as a model's first ones do, they are known by
their content; the data by being the same arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pylearn2core.cache import identity
from pylearn2core.engine.pack.requests import Measure, Request
from pylearn2core.engine.program import values


@dataclass(slots=True)
class Question:
    """A request that is to be answered, and the places of all requests that it answers.

    key: what its answer follows from; None where nobody else can have the same.
    """

    request: Request
    places: list[int]
    key: Hashable | None


def split(requests: Sequence[Request], n_slots: int) -> tuple[dict[int, Any], list[Question]]:
    """Answers that are known, by their requests' places; and what is to be answered.

    n_slots: of the pack that answers: one of another width may round otherwise.
    """
    known: dict[int, Any] = {}
    questions: dict[Hashable, Question] = {}
    for place, request in enumerate(requests):
        key = _key(request, n_slots)
        means = None if key is None else request.step.compiled.measured.get(key)
        if means is not None:
            known[place] = means
            continue
        alike = place if key is None else key
        questions.setdefault(alike, Question(request, [], key)).places.append(place)
    return known, list(questions.values())


def keep(question: Question, means: Any) -> None:
    """Remember what was measured, where others may ask for the same."""
    if question.key is not None:
        question.request.step.compiled.measured[question.key] = means


def _key(request: Request, n_slots: int) -> Hashable | None:
    """What the answer follows from; None where it is not to be remembered.

    After an epoch the values are the device's, and no two trials have the same: nobody looks.
    """
    step = request.step
    if not isinstance(request, Measure) or not request.recurs or step.updated:
        return None
    if not step.compiled.is_on_device or not values.are_hosts(step.shared):
        return None
    content = hashlib.sha256()
    for value in (*values.host_values(step.shared), *step.lifted):
        content.update(np.ascontiguousarray(value).view(np.uint8).data)
    passes = tuple((tuple(map(identity, data)), order) for data, order in request.passes)
    return n_slots, step.shapes, passes, content.digest()
