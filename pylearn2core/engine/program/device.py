"""Compiled programs, one a key: an epoch of training, and a pass of monitoring, in one call each.

A program is pure: shared values and data in, new shared values and channel values out. It belongs
to no trial, so every trial whose graph reads the same uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import jax
import numpy as np

from pylearn2core.engine.data import device_memory
from pylearn2core.engine.data.order import Order
from pylearn2core.engine.graph.reading import Reading
from pylearn2core.engine.graph.step import Step
from pylearn2core.engine.program import lower
from pylearn2core.engine.program.layout import Layout
from pylearn2core.engine.program.loops import Loops
from pylearn2core.engine.program.passes import (
    Array,
    Data,
    Pass,
    Stacks,
    are_equal,
    groups_of,
    means,
    measuring_calls,
    stacked,
    training_calls,
)

# Monitoring takes batches together, up to so many rows: larger products, fewer of them. More
# gained nothing in any job that was measured.
_ROWS_AT_ONCE = 512


class DeviceProgram:
    """Runs a whole pass in one call. JAX compiles it once for each shape of batch and data.

    shared: the values of the step's shared variables, updated ones first.
    lifted: of its lifted constants. In the `_pack` methods both are stacked, first axis: the slot.
    room: bytes that the program may take, None where it is known to fit; where it takes more, they
    raise TooLargeError, and no value has changed.

    convolves: whether the step has a convolution, which gains nothing by more rows at once.
    """

    def __init__(self, step: Step, reading: Reading, *, convolves: bool = False) -> None:
        self._step = lower.to_jax(step, reading)
        self._updated = reading.updated
        self._rows_at_once = 1 if convolves else _ROWS_AT_ONCE
        loops = Loops(self._step)
        self._train = {layout: _jit(loops.train_pass, layout) for layout in Layout}
        self._measure = {layout: _jit(loops.measure_passes, layout) for layout in Layout}
        self._once = jax.jit(lambda shared, lifted: self._step((), shared, lifted)[1])

    def train(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and for each whether it is finite."""
        stacks = tuple(order.stacks.values())
        return self._train_turns(Layout.ALONE, (shared, lifted, data), stacks, order.turns)

    def measure(self, shared: Data, lifted: Data, passes: Sequence[Pass]) -> tuple[Data, Array]:
        """New values of the updated variables (random states, say), and the outputs' means.

        A mean is over the batches, weighted by their rows; shape (n_passes, n_outputs).
        """
        orders = [[order] for _, order in passes]
        return self._measure_groups(Layout.ALONE, (shared, lifted), passes, orders)

    def train_pack(
        self,
        shared: Data,
        lifted: Data,
        data: Data,
        orders: Sequence[Order],
        *,
        shares: bool,
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """`train` for the slots of a pack.

        orders: of each slot; the batches' sizes are the same in all.
        shares: whether slots with the same batches share each product with the data.
        """
        layout = Layout.COMMON if shares and are_equal(orders) else Layout.OWN
        stacks = stacked(orders, layout)
        return self._train_turns(layout, (shared, lifted, data), stacks, orders[0].turns, room)

    def measure_pack(
        self,
        shared: Data,
        lifted: Data,
        passes: Sequence[Sequence[Pass]],
        *,
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """`measure` for the slots of a pack; means of shape (n_slots, n_passes, n_outputs).

        passes: of each slot; their data and the batches' sizes are the same in all.
        """
        by_pass = [[order for _, order in one] for one in zip(*passes, strict=True)]
        layout = Layout.COMMON if all(map(are_equal, by_pass)) else Layout.OWN
        updated, found = self._measure_groups(layout, (shared, lifted), passes[0], by_pass, room)
        return updated, np.moveaxis(found, 1, 0)

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._once(shared, lifted)  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Let go of what was compiled; the next call compiles again."""
        for compiled in (*self._train.values(), *self._measure.values(), self._once):
            compiled.clear_cache()

    def work(self, batch: Data, shared: Data, lifted: Data) -> tuple[float, float]:
        """Arithmetic operations of one batch, and bytes that they move.

        As XLA counts them before it optimises.
        """
        lowered = jax.jit(self._step).lower(batch, shared, lifted)
        costs = lowered.cost_analysis() or {}
        return float(costs.get("flops", 0.0)), float(costs.get("bytes accessed", 0.0))

    # -------------------------------------------------------------- calls
    def _train_turns(
        self,
        layout: Layout,
        values: tuple[Data, Data, Data],
        stacks: Stacks,
        turns: Sequence[Array],
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """Train turn by turn, each in one call; in several where the data passes by in chunks."""
        shared, lifted, data = values
        updated, rest = shared[: self._updated], shared[self._updated :]
        run, finite = self._train[layout], np.ones(self._updated, dtype=bool)
        for chunk, some, spans in training_calls(data, stacks, turns):
            before = updated
            arguments = (updated, rest, lifted, chunk, some, spans)
            _check(run, arguments, room)
            updated, finite = run(*arguments)
            if chunk is not data:  # the next chunk comes while this one is trained on
                jax.block_until_ready(before)
        return updated, np.asarray(finite)

    def _measure_groups(
        self,
        layout: Layout,
        values: tuple[Data, Data],
        passes: Sequence[Pass],
        orders: Sequence[Sequence[Order]],
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """Measure all passes in one call; in several where their data passes by in chunks.

        orders: of each pass those of the slots.
        Means of shape (n_passes, n_outputs), or (n_passes, n_slots, n_outputs).
        """
        shared, lifted = values
        updated, rest = shared[: self._updated], shared[self._updated :]
        run, found = self._measure[layout], []
        most_rows = 1 if self._updated else self._rows_at_once
        groups = [groups_of(one, layout, most_rows) for one in orders]
        for parts in measuring_calls([data for data, _ in passes], groups):
            arguments = (updated, rest, lifted, parts)
            _check(run, arguments, room)
            updated, outputs = run(*arguments)
            found.append(np.asarray(outputs))
        return updated, means(np.concatenate(found), [order for _, order in passes], groups)


def _jit(function: Any, layout: Layout) -> Any:
    options = _pack_options() if layout is not Layout.ALONE else None
    return jax.jit(partial(function, layout), compiler_options=options)


@cache
def _pack_options() -> dict[str, Any] | None:
    """XLA's options for packs. On one core, its oldest way to make products is the fastest there
    is for many small ones, and the slowest for single large ones (docs/adr/0010 has figures)."""
    if jax.default_backend() != "cpu" or device_memory.own_cores() > 1:
        return None
    options = {"xla_cpu_multi_thread_eigen": False, "xla_cpu_experimental_ynn_fusion_type": ""}
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except jax.errors.JaxRuntimeError:  # a release without them
        return None
    return options


def _check(run: Any, arguments: tuple[Any, ...], room: int | None) -> None:
    """Raise TooLargeError where a program is to fit in `room` bytes and does not.

    It is compiled for these arguments; the call that follows takes what was compiled.
    """
    if room is None:
        return
    needed = device_memory.needed(run.lower(*arguments).compile())
    if needed > room:
        raise device_memory.TooLargeError(needed, room)
