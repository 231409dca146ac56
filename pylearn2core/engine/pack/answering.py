"""Packs: the requests of many trials, answered together.

Trials whose steps have one key, on the same data and with batches of the same sizes, run as the
slots of one program. A pack is always as wide as its key says: where fewer trials wait, the last
one fills the empty slots and what it computes there is dropped. So a trial's numbers do not depend
on how many ran beside it; nor on which, but for steps where slots with the same batches share
their products (there the last bits may differ).
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from pylearn2core.cache import identity
from pylearn2core.engine.pack import measured
from pylearn2core.engine.pack.compiled import UnprovenPackError
from pylearn2core.engine.pack.requests import Request

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A request's answer. slots: of the program that gave it.

    reply: the answer, or the exception in its place; that one is about this request alone.
    """

    reply: Any
    slots: int


def width(request: Request, asked: int | None = None, mates: int | None = None) -> int:
    """How many slots the request's program has as a pack; 1 where packing does not pay.

    asked: the user's own choice.
    mates: how many trials of the whole sweep are likely to be one program; None: not known.
    """
    return request.step.compiled.width(request.step, request.passes, asked, mates)


def mode(request: Request, slots: int) -> str:
    """How a request was answered by a program of `slots` slots, for the record of its trial."""
    if not request.step.compiled.is_on_device:
        return "host"
    return "pack" if slots > 1 else "single"


def answer(requests: Sequence[Request], n_slots: int) -> list[Answer]:
    """The answers to requests that `alike` says are alike, in their order.

    n_slots: of a pack. Where the device's memory does not take so many, it is halved until it
    does, and `width` knows for later. What was measured before is not measured again. Raises
    nothing that is about a request.
    """
    known, questions = measured.split(requests, n_slots)
    answers = {place: Answer(means, n_slots) for place, means in known.items()}
    for some in _together(questions, n_slots):
        for start in range(0, len(some), n_slots):
            asked = some[start : start + n_slots]
            found = _answer_some([one.request for one in asked], n_slots)
            for question, one in zip(asked, found, strict=True):
                answers.update(_shared_out(question, one, requests))
    return [answers[place] for place in range(len(requests))]


def _shared_out(
    question: measured.Question, found: Answer, requests: Sequence[Request]
) -> dict[int, Answer]:
    """A question's answer at all its places. What failed for one trial is tried for the others."""
    first, *others = question.places
    if isinstance(found.reply, Exception):
        return {first: found, **{place: _alone(requests[place]) for place in others}}
    measured.keep(question, found.reply)
    return dict.fromkeys(question.places, found)


def alike(request: Request) -> Hashable:
    """Equal for requests that one pack can answer."""
    step = request.step
    passes = tuple((tuple(map(identity, data)), order.sizes) for data, order in request.passes)
    return type(request), step.compiled, step.shapes, passes


# ------------------------------------------------------------------ who goes with whom
def _together(questions: list[measured.Question], n_slots: int) -> list[list[measured.Question]]:
    """Those that go in one pack.

    Where slots share batches, those with the same ones: on a CPU a pack of others was slower than
    its trials one by one.
    """
    if n_slots == 1 or jax.default_backend() != "cpu" or not questions:
        return [questions]
    if not questions[0].request.shares_batches:
        return [questions]
    groups: list[list[measured.Question]] = []
    for question in questions:
        order = question.request.passes[0][1]
        found = next((g for g in groups if g[0].request.passes[0][1].is_same(order)), None)
        if found is None:
            groups.append([question])
        else:
            found.append(question)
    return groups


def _pays(requests: Sequence[Request], n_slots: int) -> bool:
    """Whether so many requests are worth a whole pack.

    A shared pack that was half full took about as long as its trials one by one.
    """
    on_cpu = jax.default_backend() == "cpu"
    return not on_cpu or not requests[0].shares_batches or 2 * len(requests) >= n_slots


# ------------------------------------------------------------------ answering
def _answer_some(requests: Sequence[Request], n_slots: int) -> list[Answer]:
    """Answers to at most `n_slots` requests; what fails as a pack goes one by one."""
    first = requests[0]
    compiled, trial = first.step.compiled, first.step
    n_slots = min(n_slots, compiled.most_slots(trial, first.passes))
    if n_slots == 1 or not compiled.can_pack or not _pays(requests, n_slots):
        return [_alone(request) for request in requests]
    some = list(requests[:n_slots])
    filled = some + [some[-1]] * (n_slots - len(some))
    try:
        answers = _try_pack(filled, len(some))
    except Exception as error:
        fewer = compiled.halve(trial, first.passes, n_slots, error)
        if fewer is not None:
            log.warning(
                "A pack of %d trials does not fit the device's memory (%s): from here on %d at a "
                "time. Nothing is lost.",
                n_slots,
                str(error).splitlines()[0],
                fewer,
            )
            return _answer_some(requests, fewer)
        log.warning("A pack of %d trials failed (%s): each goes on alone.", len(some), error)
        answers = [_alone(request) for request in some]
    left = requests[n_slots:]
    return answers + _answer_some(left, n_slots) if left else answers


def _alone(request: Request) -> Answer:
    try:
        return Answer(request.answer(), 1)
    except Exception as error:
        return Answer(error, 1)


def _try_pack(requests: Sequence[Request], n_real: int) -> list[Answer]:
    """A pack's answers, or the single ones where its program can't be vectorised."""
    first: Any = requests[0]
    compiled = first.step.compiled
    try:
        replies = first.answer_pack(requests, n_real)
    except UnprovenPackError as error:
        singles = [_alone(request) for request in requests[:n_real]]
        if not any(isinstance(one.reply, Exception) for one in singles):
            compiled.never_pack(error)  # not where the fault was a trial's own data
        return singles
    return [Answer(reply, len(requests)) for reply in replies]
