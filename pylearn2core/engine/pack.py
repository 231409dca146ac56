"""Packs: the requests of many trials, answered together.

Trials whose steps have one key, on the same data and with batches of the same sizes, run as the
slots of one program. A pack is always as wide as its key says: where fewer trials wait, the last
one fills the empty slots and what it computes there is dropped. So a trial's numbers do not depend
on how many ran beside it; nor on which, but for steps so wide that slots with the same batches
share their products (there the last bits may differ).
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import Any, cast

import jax
import numpy as np

from pylearn2core.engine import state
from pylearn2core.engine.bound import UNTRACEABLE, Bound
from pylearn2core.engine.program import DeviceProgram
from pylearn2core.engine.steps import Measure, Request

log = logging.getLogger(__name__)

# Above this many operations a batch the products fill a core by themselves: packing a
# 784-500-500-10 MLP made it 0.8 times as fast, a 784-10 softmax 3 times as fast.
_LARGEST_WORK = 3e7
# Below this many, slots that share their batches gain nothing by it.
_SMALLEST_SHARED_WORK = 3e6
_WIDTH = 8


def width(request: Request, asked: int | None = None) -> int:
    """How many slots the request's program has as a pack; 1 where packing does not pay.

    asked: the user's own choice.
    """
    entry = request.step.entry
    if not isinstance(entry.program, DeviceProgram) or not entry.packs:
        return 1
    if asked is not None:
        return asked
    # Convolutions on a CPU: eight together took as long as one after the other, whatever their
    # size, and a pack that is not full takes as long as a full one.
    if entry.convolves and jax.default_backend() == "cpu":
        return 1
    return _WIDTH if _work(request) <= _LARGEST_WORK else 1


def _work(request: Request) -> float:
    """Arithmetic operations of one batch, as XLA counts them."""
    entry, step = request.step.entry, request.step
    rows = max(request.order.sizes)
    key = (rows, step.shapes)
    if key not in entry.work:
        batch = tuple(array[:rows] for array in request.data)
        program = cast(DeviceProgram, entry.program)
        entry.work[key] = program.work(batch, state.pull(step.shared), step.lifted)
    return entry.work[key]


def answer(requests: Sequence[Request], n_slots: int) -> list[Any]:
    """The answers to requests that `alike` says are alike, in their order."""
    first = requests[0].step.entry
    if n_slots == 1 or not first.packs:
        return [request.answer() for request in requests]
    answers: list[Any] = []
    for start in range(0, len(requests), n_slots):
        some = list(requests[start : start + n_slots])
        filled = some + [some[-1]] * (n_slots - len(some))
        answers += _try_pack(filled, len(some))
    return answers


def alike(request: Request) -> Hashable:
    """Equal for requests that one pack can answer."""
    step = request.step
    arrays = tuple(map(id, request.data))
    return type(request), id(step.entry), step.shapes, arrays, request.order.sizes


def _try_pack(requests: Sequence[Request], n_real: int) -> list[Any]:
    """A pack's answers, or the single ones where its program can't be vectorised."""
    entry = requests[0].step.entry
    method = f"{type(requests[0]).__name__} as a pack"
    try:
        answers = _answer_pack(requests, n_real)
    except UNTRACEABLE as error:
        if method in entry.proven:
            raise
        singles = [request.answer() for request in requests[:n_real]]
        entry.packs = False  # not where the fault was a trial's own data
        log.warning("This graph can't run as a pack (%s): its trials run one by one.", error)
        return singles
    entry.proven.add(method)
    return answers


def _answer_pack(requests: Sequence[Request], n_real: int) -> list[Any]:
    program = cast(DeviceProgram, requests[0].step.entry.program)
    steps = [request.step for request in requests]
    data, orders = requests[0].data, [request.order for request in requests]
    requests[0].step.entry.note(requests[0].step.compiled_for(data, orders[0]))
    shared = state.pull_pack([step.shared for step in steps])
    lifted = _stack_lifted(steps)
    if isinstance(requests[0], Measure):
        updated, results = program.measure_pack(shared, lifted, data, orders)
    else:
        shares = _work(requests[0]) >= _SMALLEST_SHARED_WORK
        updated, results = program.train_pack(shared, lifted, data, orders, shares=shares)
    state.push_pack([step.updated for step in steps[:n_real]], updated)
    return list(results[:n_real])


def _stack_lifted(steps: Sequence[Bound]) -> tuple[Any, ...]:
    return tuple(np.stack(values) for values in zip(*(s.lifted for s in steps), strict=True))
