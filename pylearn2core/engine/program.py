"""Compiled programs, one a key: an epoch of training, and a pass of monitoring.

A program is pure: shared values and data in, new shared values and channel values out. It belongs
to no trial, so every trial whose graph reads the same uses it.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pylearn2core.engine import lower, state
from pylearn2core.engine.graph import Reading, Step, read
from pylearn2core.engine.order import Order

log = logging.getLogger(__name__)

Data = tuple[Any, ...]  # a batch's arrays over all examples, first axis: the example
Array = np.ndarray[Any, Any]

# What tracing raises where a graph can't be a JAX program (a shape that depends on a value, ...).
_UNTRACEABLE = (NotImplementedError, TypeError, ValueError, IndexError)


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
        self._once = jax.jit(lambda shared, lifted: self._step((), shared, lifted)[1])

    def train(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and for each whether it is finite."""
        updated, rest = shared[: self._updated], shared[self._updated :]
        finite = np.ones(self._updated, dtype=bool)
        for part in order.segments():
            updated, finite = self._train(
                updated, rest, lifted, data, part.stack, part.start, part.stop
            )
        return updated, np.asarray(finite)

    def measure(self, shared: Data, lifted: Data, data: Data, order: Order) -> Array:
        """Mean of each output over the batches, weighted by their rows; shape (n_outputs,)."""
        totals = [
            np.asarray(self._measure(shared, lifted, data, stack)).sum(axis=0) * size
            for size, stack in order.stacks().items()
        ]
        return np.asarray(sum(totals) / sum(order.sizes))

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._once(shared, lifted)  # type: ignore[no-any-return]

    def _train_pass(
        self, updated: Data, rest: Data, lifted: Data, data: Data, stack: Any, start: int, stop: int
    ) -> tuple[Data, Any]:
        def batch_step(place: Any, current: Data) -> Data:
            batch = tuple(array[stack[place]] for array in data)
            return self._step(batch, (*current, *rest), lifted)[0]

        begin = jax.tree.map(jnp.asarray, updated)
        new = jax.lax.fori_loop(start, stop, batch_step, begin)
        return new, jnp.stack([jnp.isfinite(leaf).all() for leaf in map(_floats, new)])

    def _measure_pass(self, shared: Data, lifted: Data, data: Data, stack: Any) -> Any:
        def batch_outputs(_: None, rows: Any) -> tuple[None, Any]:
            batch = tuple(array[rows] for array in data)
            outputs = self._step(batch, shared, lifted)[1]
            return None, jnp.stack([jnp.asarray(out, dtype=jnp.float64) for out in outputs])

        return jax.lax.scan(batch_outputs, None, stack)[1]


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
            batch = tuple(np.asarray(array)[rows] for array in data)
            updated, _ = self._step(batch, (*updated, *rest), lifted)
        return updated, np.array([bool(np.isfinite(_floats(value)).all()) for value in updated])

    def measure(self, shared: Data, lifted: Data, data: Data, order: Order) -> Array:
        """Mean of each output over the batches, weighted by their rows; shape (n_outputs,)."""
        total: Any = 0.0
        for rows in order.batches:
            batch = tuple(np.asarray(array)[rows] for array in data)
            outputs = self._step(batch, shared, lifted)[1]
            total = total + np.array(outputs, dtype=np.float64) * len(rows)
        return np.asarray(total / sum(order.sizes))

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._step((), shared, lifted)[1]


Program = DeviceProgram | HostProgram


@dataclass(slots=True)
class Slot:
    """A key's place in the table of programs. proven: the methods that have run."""

    program: Program
    proven: set[str] = field(default_factory=set)


_slots: dict[Hashable, Slot] = {}


class Bound:
    """One trial's step: a program that it shares, and values that are its own."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._own = read(step)
        self._lifted = lower.lifted_values(self._own)
        # Hashing a key costs as much as reading its graph: look it up once.
        known = _slots.get(self._own.key)
        self._slot = known if known is not None else self._new_slot()

    def _new_slot(self) -> Slot:
        try:
            program: Program = DeviceProgram(self._step, self._own)
        except NotImplementedError as error:
            program = self._host_program(error)
        slot = _slots[self._own.key] = Slot(program)
        return slot

    @property
    def updated(self) -> tuple[Any, ...]:
        """The shared variables that `train` changes, in the order of the flags it returns."""
        return self._own.shared[: self._own.updated]

    def train(self, data: Data, order: Order) -> Array:
        """Train one pass; return for each updated variable whether it is finite."""
        updated, finite = self._call("train", data, order)
        state.push(self.updated, updated)
        return np.asarray(finite)

    def measure(self, data: Data, order: Order) -> Array:
        """Mean of each output over the pass's rows; shape (n_outputs,)."""
        return np.asarray(self._call("measure", data, order))

    def outputs(self) -> Data:
        """The outputs of a step that has no batch, as host arrays."""
        program = self._slot.program
        values = program.once(self._shared(program), self._lifted)
        return tuple(np.asarray(value) for value in values)

    def _call(self, method: str, data: Data, order: Order) -> Any:
        slot = self._slot
        if method in slot.proven:
            return self._run(slot.program, method, data, order)
        try:
            result = self._run(slot.program, method, data, order)
        except _UNTRACEABLE as error:
            if isinstance(slot.program, HostProgram):
                raise
            slot.program = self._host_program(error)
            result = self._run(slot.program, method, data, order)
        slot.proven.add(method)
        return result

    def _run(self, program: Program, method: str, data: Data, order: Order) -> Any:
        return getattr(program, method)(self._shared(program), self._lifted, data, order)

    def _host_program(self, error: Exception) -> HostProgram:
        log.warning(
            "This graph can't be one JAX program (%s); it runs on PyTensor's own linker, one "
            "batch a call.",
            str(error).splitlines()[0] if str(error) else type(error).__name__,
        )
        return HostProgram(self._step, self._own)

    def _shared(self, program: Program) -> Data:
        on_host = isinstance(program, HostProgram)
        return (state.host_values if on_host else state.pull)(self._own.shared)
