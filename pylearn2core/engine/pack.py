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
from typing import Any, cast

import jax
import numpy as np

from pylearn2core.engine import memo, memory, state
from pylearn2core.engine.bound import Bound
from pylearn2core.engine.data import bytes_on_device
from pylearn2core.engine.passes import Pass
from pylearn2core.engine.program import UNTRACEABLE, DeviceProgram
from pylearn2core.engine.steps import Measure, Request, TrainPass
from pylearn2core.engine.stream import host_rows
from pylearn2core.engine.width import Work, best_width, shares_batches

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
    entry = request.step.entry
    if not isinstance(entry.program, DeviceProgram) or not entry.packs:
        return 1
    wished = asked
    if wished is None:
        wished = best_width(work_of(request), jax.default_backend(), mates)
    return min(wished, _most(request))


def mode(request: Request, slots: int) -> str:
    """How a request was answered by a program of `slots` slots, for the record of its trial."""
    if not isinstance(request.step.entry.program, DeviceProgram):
        return "host"
    return "pack" if slots > 1 else "single"


def answer(requests: Sequence[Request], n_slots: int) -> list[Answer]:
    """The answers to requests that `alike` says are alike, in their order.

    n_slots: of a pack. Where the device's memory does not take so many, it is halved until it
    does, and `width` knows for later. What was measured before is not measured again. Raises
    nothing that is about a request.
    """
    known, questions = memo.split(requests, n_slots)
    answers = {place: Answer(means, n_slots) for place, means in known.items()}
    for some in _together(questions, n_slots):
        for start in range(0, len(some), n_slots):
            asked = some[start : start + n_slots]
            found = _answer_some([one.request for one in asked], n_slots)
            for question, one in zip(asked, found, strict=True):
                answers.update(_shared_out(question, one, requests))
    return [answers[place] for place in range(len(requests))]


def _shared_out(
    question: memo.Question, found: Answer, requests: Sequence[Request]
) -> dict[int, Answer]:
    """A question's answer at all its places. What failed for one trial is tried for the others."""
    first, *others = question.places
    if isinstance(found.reply, Exception):
        return {first: found, **{place: _alone(requests[place]) for place in others}}
    memo.keep(question, found.reply)
    return dict.fromkeys(question.places, found)


def alike(request: Request) -> Hashable:
    """Equal for requests that one pack can answer."""
    step = request.step
    passes = tuple((tuple(map(id, data)), order.sizes) for data, order in request.passes)
    return type(request), id(step.entry), step.shapes, passes


# ------------------------------------------------------------------ who goes with whom
def _together(questions: list[memo.Question], n_slots: int) -> list[list[memo.Question]]:
    """Those that go in one pack.

    Where slots share batches, those with the same ones: on a CPU a pack of others was slower than
    its trials one by one.
    """
    if n_slots == 1 or jax.default_backend() != "cpu" or not questions:
        return [questions]
    if not _shares(questions[0].request):
        return [questions]
    groups: list[list[memo.Question]] = []
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
    return not on_cpu or not _shares(requests[0]) or 2 * len(requests) >= n_slots


def _shares(request: Request) -> bool:
    if not isinstance(request, TrainPass):
        return False
    return isinstance(request.step.entry.program, DeviceProgram) and shares_batches(
        work_of(request)
    )


def work_of(request: Request) -> Work:
    """One batch's work."""
    entry, step = request.step.entry, request.step
    rows = max(order.largest for _, order in request.passes)
    key = (rows, step.shapes)
    if key not in entry.work:
        places = np.zeros(rows, dtype=np.int32)
        batch = tuple(host_rows(array, places) for array in request.passes[0][0])
        program = cast(DeviceProgram, entry.program)
        entry.work[key] = Work(
            *program.work(batch, state.pull(step.shared), step.lifted),
            rows=sum(array.nbytes for array in batch),
            convolves=entry.convolves,
        )
    return entry.work[key]


# ------------------------------------------------------------------ answering
def _answer_some(requests: Sequence[Request], n_slots: int) -> list[Answer]:
    """Answers to at most `n_slots` requests; what fails as a pack goes one by one."""
    n_slots = min(n_slots, _most(requests[0]))
    if n_slots == 1 or not requests[0].step.entry.packs or not _pays(requests, n_slots):
        return [_alone(request) for request in requests]
    some = list(requests[:n_slots])
    filled = some + [some[-1]] * (n_slots - len(some))
    try:
        answers = _try_pack(filled, len(some))
    except Exception as error:
        fewer = _fewer(requests[0], n_slots, error)
        if fewer is None:
            log.warning("A pack of %d trials failed (%s): each goes on alone.", len(some), error)
            answers = [_alone(request) for request in some]
        else:
            _bound_slots(requests[0], fewer)
            log.warning(
                "A pack of %d trials does not fit the device's memory (%s): from here on %d at a "
                "time. Nothing is lost.",
                n_slots,
                str(error).splitlines()[0],
                fewer,
            )
            return _answer_some(requests, fewer)
    left = requests[n_slots:]
    return answers + _answer_some(left, n_slots) if left else answers


def _alone(request: Request) -> Answer:
    try:
        return Answer(request.answer(), 1)
    except Exception as error:
        return Answer(error, 1)


def _fewer(request: Request, n_slots: int, error: Exception) -> int | None:
    """How many slots to try after an error; None where it was not about memory."""
    fewer = n_slots // 2
    if memory.is_lack_of_memory(error):
        return fewer
    if not isinstance(error, memory.TooLargeError):
        return None
    data = _bytes_of(request.passes)
    slot = max(1.0, (error.needed - data) / n_slots)
    while fewer > max(1.0, (error.available - data) / slot):
        fewer //= 2
    return fewer


def _most(request: Request) -> int:
    """How many slots the device's memory takes, as far as is known."""
    most = request.step.entry.most
    return most.get(_compiled(request), 1 << 30) if most else 1 << 30


def _bound_slots(request: Request, slots: int) -> None:
    request.step.entry.most[_compiled(request)] = slots


def _compiled(request: Request) -> Hashable:
    return request.step.compiled_for(request.passes)


def _try_pack(requests: Sequence[Request], n_real: int) -> list[Answer]:
    """A pack's answers, or the single ones where its program can't be vectorised."""
    entry = requests[0].step.entry
    method = f"{type(requests[0]).__name__} as a pack"
    try:
        replies = _answer_pack(requests, n_real)
    except UNTRACEABLE as error:
        if method in entry.proven:
            raise
        singles = [_alone(request) for request in requests[:n_real]]
        if not any(isinstance(one.reply, Exception) for one in singles):
            entry.packs = False  # not where the fault was a trial's own data
            log.warning("This graph can't run as a pack (%s): its trials run one by one.", error)
        return singles
    entry.proven.add(method)
    return [Answer(reply, len(requests)) for reply in replies]


def _answer_pack(requests: Sequence[Request], n_real: int) -> list[Any]:
    entry = requests[0].step.entry
    program = cast(DeviceProgram, entry.program)
    steps = [request.step for request in requests]
    entry.note(_compiled(requests[0]))
    shared = state.pull_pack([step.shared for step in steps])
    lifted = _stack_lifted(steps)
    known = (type(requests[0]), _compiled(requests[0]), len(requests))
    room = None if known in entry.fits else _room(requests[0].passes)
    passes = [request.passes for request in requests]
    if isinstance(requests[0], Measure):
        updated, results = program.measure_pack(shared, lifted, passes, room=room)
    else:
        orders = [order for ((_, order),) in passes]
        updated, results = program.train_pack(
            shared, lifted, passes[0][0][0], orders, shares=_shares(requests[0]), room=room
        )
    entry.fits.add(known)
    state.push_pack([step.updated for step in steps[:n_real]], updated)
    return list(results[:n_real])


def _room(passes: Sequence[Pass]) -> int:
    """Bytes that a program with these arrays may take, beside the other data on the device."""
    return memory.available() - max(0, bytes_on_device() - _bytes_of(passes))


def _bytes_of(passes: Sequence[Pass]) -> int:
    """Bytes of the data that is on the device."""
    arrays = {id(array): array for data, _ in passes for array in data}
    return sum(int(one.nbytes) for one in arrays.values() if isinstance(one, jax.Array))


def _stack_lifted(steps: Sequence[Bound]) -> tuple[Any, ...]:
    return tuple(np.stack(values) for values in zip(*(s.lifted for s in steps), strict=True))
