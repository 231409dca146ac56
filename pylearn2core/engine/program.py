"""Compiled programs, one a key: an epoch of training, and a pass of monitoring.

A program is pure: shared values and data in, new shared values and channel values out. It belongs
to no trial, so every trial whose graph reads the same uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pylearn2core.engine import lower, memory
from pylearn2core.engine.graph import Reading, Step
from pylearn2core.engine.order import Order
from pylearn2core.engine.stream import chunks, host_rows

Data = tuple[Any, ...]  # a batch's arrays over all examples, first axis: the example
Array = np.ndarray[Any, Any]


def _are_equal(orders: Sequence[Order]) -> bool:
    """Whether all have the same rows in the same batches."""
    first = orders[0]
    return all(order.is_same(first) for order in orders[1:])


def _check(run: Any, arguments: tuple[Any, ...], room: int | None) -> None:
    """Raise TooLargeError where a program is to fit in `room` bytes and does not.

    It is compiled for these arguments; the call that follows takes what was compiled.
    """
    if room is None:
        return
    needed = memory.needed(run.lower(*arguments).compile())
    if needed > room:
        raise memory.TooLargeError(needed, room)


def _floats(value: Any) -> Any:
    """The part of a value that can be infinite; of a random state, none."""
    return value if hasattr(value, "dtype") and value.dtype.kind == "f" else np.zeros(())


class DeviceProgram:
    """Runs a whole pass in one call. JAX compiles it once for each shape of batch and data.

    Every method takes shared: the values of the step's shared variables, updated ones first;
    lifted: of its lifted constants; data; and order: which rows make which batch.
    """

    def __init__(self, step: Step, reading: Reading) -> None:
        self._step = lower.to_jax(step, reading)
        self._updated = reading.updated
        self._train = jax.jit(self._train_pass)
        self._measure = jax.jit(self._measure_pass)
        slots, order, common = (0, 0, 0, None), 0, None
        ends = (None, None)
        self._train_own = jax.jit(jax.vmap(self._train_pass, (*slots, order, *ends)))
        self._train_common = jax.jit(jax.vmap(self._train_pass, (*slots, common, *ends)))
        self._measure_own = jax.jit(jax.vmap(self._measure_pass, (*slots, order)))
        self._measure_common = jax.jit(jax.vmap(self._measure_pass, (*slots, common)))
        self._once = jax.jit(lambda shared, lifted: self._step((), shared, lifted)[1])
        self._compiled = [value for value in vars(self).values() if hasattr(value, "clear_cache")]

    def train(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and for each whether it is finite."""
        parts = [(part.stack, part.start, part.stop) for part in order.segments()]
        return self._train_parts(self._train, (shared, lifted, data), parts)

    def measure(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables (random states, say), and the outputs' means.

        A mean is over the batches, weighted by their rows; shape (n_outputs,).
        """
        updated, total = self._measure_stacks(self._measure, (shared, lifted, data), order.stacks)
        return updated, total / sum(order.sizes)

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
        """`train` for the slots of a pack: values are stacked, first axis: the slot.

        orders: of each slot; the batches' sizes are the same in all.
        shares: whether slots with the same batches share each product with the data.
        room: bytes that the program may take; None where it is known to fit.
        Raises TooLargeError, before anything runs, where it takes more.
        """
        is_common = shares and _are_equal(orders)
        run = self._train_common if is_common else self._train_own
        parts = []
        for slots in zip(*(order.segments() for order in orders), strict=True):
            stack = slots[0].stack if is_common else np.stack([part.stack for part in slots])
            parts.append((stack, slots[0].start, slots[0].stop))
        return self._train_parts(run, (shared, lifted, data), parts, room)

    def measure_pack(
        self,
        shared: Data,
        lifted: Data,
        data: Data,
        orders: Sequence[Order],
        *,
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """`measure` for the slots of a pack; means of shape (n_slots, n_outputs).

        room: as for `train_pack`.
        """
        is_common = _are_equal(orders)
        run = self._measure_common if is_common else self._measure_own
        stacks = {
            size: first if is_common else np.stack([order.stacks[size] for order in orders])
            for size, first in orders[0].stacks.items()
        }
        updated, total = self._measure_stacks(run, (shared, lifted, data), stacks, room)
        return updated, total / sum(orders[0].sizes)

    def _train_parts(
        self,
        run: Any,
        values: tuple[Data, Data, Data],
        parts: Sequence[tuple[Any, int, int]],
        room: int | None = None,
    ) -> tuple[Data, Array]:
        """Train over (stack, start, stop) one after the other."""
        shared, lifted, data = values
        updated, rest = shared[: self._updated], shared[self._updated :]
        finite: Any = np.ones(self._updated, dtype=bool)
        for stack, start, stop in parts:
            for chunk, rows, first, last in chunks(data, stack, start, stop, pads=True):
                before = updated
                arguments = (updated, rest, lifted, chunk, rows, first, last)
                _check(run, arguments, room)
                updated, finite = run(*arguments)
                if chunk is not data:  # the next chunk comes while this one is trained on
                    jax.block_until_ready(before)
        return updated, np.asarray(finite)

    def _measure_stacks(
        self,
        run: Any,
        values: tuple[Data, Data, Data],
        stacks: Mapping[int, Any],
        room: int | None = None,
    ) -> tuple[Data, Any]:
        """Measure each size's batches; the outputs' sums over the rows, last axis: the output."""
        shared, lifted, data = values
        updated, rest = shared[: self._updated], shared[self._updated :]
        total: Any = 0.0
        for size, stack in stacks.items():
            found = []
            for chunk, rows, _, _ in chunks(data, stack, 0, stack.shape[-2], pads=False):
                arguments = (updated, rest, lifted, chunk, rows)
                _check(run, arguments, room)
                updated, outputs = run(*arguments)
                found.append(np.asarray(outputs))
            total = total + np.concatenate(found, axis=-2).sum(axis=-2) * size
        return updated, total

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._once(shared, lifted)  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Let go of what was compiled; the next call compiles again."""
        for compiled in self._compiled:
            compiled.clear_cache()

    def work(self, batch: Data, shared: Data, lifted: Data) -> tuple[float, float]:
        """Arithmetic operations of one batch, and bytes that they move.

        As XLA counts them before it optimises.
        """
        lowered = jax.jit(self._step).lower(batch, shared, lifted)
        costs = lowered.cost_analysis() or {}
        return float(costs.get("flops", 0.0)), float(costs.get("bytes accessed", 0.0))

    def _train_pass(
        self, updated: Data, rest: Data, lifted: Data, data: Data, stack: Any, start: int, stop: int
    ) -> tuple[Data, Any]:
        def batch_step(place: Any, current: Data) -> Data:
            batch = tuple(array[stack[place]] for array in data)
            return self._step(batch, (*current, *rest), lifted)[0]

        begin = jax.tree.map(jnp.asarray, updated)
        new = jax.lax.fori_loop(start, stop, batch_step, begin)
        return new, jnp.stack([jnp.isfinite(leaf).all() for leaf in map(_floats, new)])

    def _measure_pass(
        self, updated: Data, rest: Data, lifted: Data, data: Data, stack: Any
    ) -> tuple[Data, Any]:
        def batch_outputs(current: Data, rows: Any) -> tuple[Data, Any]:
            batch = tuple(array[rows] for array in data)
            new, outputs = self._step(batch, (*current, *rest), lifted)
            return new, jnp.stack([jnp.asarray(out, dtype=jnp.float64) for out in outputs])

        begin = jax.tree.map(jnp.asarray, updated)
        return jax.lax.scan(batch_outputs, begin, stack)  # type: ignore[no-any-return]


class HostProgram:
    """Runs a pass one batch a call on PyTensor's own linker: for what JAX can't take.

    The same methods as DeviceProgram.
    """

    def __init__(self, step: Step, reading: Reading) -> None:
        self._step = lower.to_host(step, reading)
        self._updated = reading.updated

    def train(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and for each whether it is finite."""
        updated, rest = shared[: self._updated], shared[self._updated :]
        for rows in order.batches:
            batch = tuple(host_rows(array, rows) for array in data)
            updated, _ = self._step(batch, (*updated, *rest), lifted)
        return updated, np.array([bool(np.isfinite(_floats(value)).all()) for value in updated])

    def measure(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and the outputs' means over the rows."""
        updated, rest = shared[: self._updated], shared[self._updated :]
        total: Any = 0.0
        for rows in order.batches:
            batch = tuple(host_rows(array, rows) for array in data)
            updated, outputs = self._step(batch, (*updated, *rest), lifted)
            total = total + np.array(outputs, dtype=np.float64) * len(rows)
        return updated, total / sum(order.sizes)

    def forget(self) -> None:
        """Nothing: one compiled function serves all shapes."""

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._step((), shared, lifted)[1]


Program = DeviceProgram | HostProgram
