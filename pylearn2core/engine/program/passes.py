"""How a pass goes into calls of a program: batches as the stacks that it takes, call by call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pylearn2core.engine.data.order import Order
from pylearn2core.engine.data.stream import chunks, is_streamed
from pylearn2core.engine.program.layout import Layout

Data = tuple[Any, ...]  # a batch's arrays over all examples, first axis: the example
Array = np.ndarray[Any, Any]
Pass = tuple[Data, Order]  # what to go through, and how
Stacks = tuple[Any, ...]  # the batches of each size, (n_batches, size) or (slot, n_batches, size)


def are_equal(orders: Sequence[Order]) -> bool:
    """Whether all have the same rows in the same batches."""
    first = orders[0]
    return all(order.is_same(first) for order in orders[1:])


def stacked(orders: Sequence[Order], layout: Layout) -> Stacks:
    """The batches of a pack's orders; those of the first one are everybody's where slots share."""
    first = orders[0].stacks
    if layout is Layout.COMMON:
        return tuple(first.values())
    return tuple(np.stack([order.stacks[size] for order in orders]) for size in first)


def groups_of(orders: Sequence[Order], layout: Layout, most_rows: int) -> Stacks:
    """The groups of each size of batch, see `_groups`; first axis: the slot, where that counts."""
    if layout is not Layout.OWN:
        return _groups(orders[0], most_rows)
    return tuple(map(np.stack, zip(*(_groups(one, most_rows) for one in orders), strict=True)))


@lru_cache(maxsize=64)  # a monitor goes through the same order each time
def _groups(order: Order, most_rows: int) -> Stacks:
    """An order's batches in groups that are taken together.

    Of each size, shape (n_groups, batches of a group, size), with up to `most_rows` rows in a group
    where that is two batches or more. The last group is filled up with batches whose outputs are
    dropped. Groups follow from the order, not from how its data comes: so the numbers are the same
    when that comes in chunks.
    """
    found = []
    for size, stack in order.stacks.items():
        n_groups = -(-len(stack) // max(1, most_rows // size))
        each = -(-len(stack) // n_groups)
        filled = np.pad(stack, [(0, n_groups * each - len(stack)), (0, 0)])
        found.append(filled.reshape(n_groups, each, size))
    return tuple(found)


def training_calls(
    data: Data, stacks: Stacks, turns: Sequence[Array]
) -> Iterator[tuple[Data, Stacks, Array]]:
    """(data, stacks, spans) of each call of a training program."""
    if not is_streamed(data):
        for spans in turns:
            yield data, stacks, spans
        return
    for spans in turns:
        for stack, (begin, end) in zip(stacks, spans.tolist(), strict=True):
            for chunk, rows, start, stop in chunks(data, stack, begin, end, pads=True):
                yield chunk, (rows,), np.array([[start, stop]], dtype=np.int32)


def measuring_calls(
    datas: Sequence[Data], groups: Sequence[Stacks]
) -> Iterator[tuple[tuple[Data, Stacks], ...]]:
    """The parts of each call of a monitoring program, (data, groups of each size) each."""
    if not any(map(is_streamed, datas)):
        yield tuple(zip(datas, groups, strict=True))
        return
    for data, of_data in zip(datas, groups, strict=True):
        for one in of_data:
            *before, n_groups, each, size = one.shape
            rows = one.reshape(*before, n_groups, each * size)
            for chunk, some, _, _ in chunks(data, rows, 0, n_groups, pads=False):
                yield ((chunk, (some.reshape(*before, -1, each, size),)),)


def means(outputs: Array, orders: Sequence[Order], groups: Sequence[Stacks]) -> Array:
    """The mean of each pass's batches, weighted by their rows; first axis: the pass.

    outputs: of each batch of each group, in the order of the passes and their sizes.
    """
    means, done = [], 0
    for order, grouped in zip(orders, groups, strict=True):
        total: Any = 0.0
        for (size, stack), group in zip(order.stacks.items(), grouped, strict=True):
            total = total + outputs[done : done + len(stack)].sum(axis=0) * size
            done += group.shape[-3] * group.shape[-2]
        means.append(total / order.rows)
    return np.array(means)
