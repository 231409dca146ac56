"""A program's loops over batches, as pure JAX functions: an epoch's, and a monitor's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pylearn2core.engine.program.layout import Layout
from pylearn2core.engine.program.lower import StepFunction
from pylearn2core.engine.program.passes import Data, Stacks

# What tracing raises where a graph can't be a JAX program (a shape that depends on a value, ...).
UNTRACEABLE = (NotImplementedError, TypeError, ValueError, IndexError, OverflowError)


class Loops:
    """A step over many batches, for one trial or for the slots of a pack.

    updated: values of the variables that the step updates.    rest: of the others.
    """

    def __init__(self, step: StepFunction) -> None:
        self._step = step

    def train_pass(
        self,
        layout: Layout,
        updated: Data,
        rest: Data,
        lifted: Data,
        data: Data,
        stacks: Stacks,
        spans: Any,
    ) -> tuple[Data, Any]:
        """Train over batches start..stop-1 of each stack. spans: (start, stop) of each."""

        axes = layout.axes(updated)
        step = layout.over(self._new, (axes, layout.axes(rest), 0, None), axes)
        kept = layout.inside(rest)

        def over(stack: Any, span: Any, current: Data) -> Data:
            def batch_step(place: Any, current: Data) -> Data:
                rows = jax.lax.dynamic_index_in_dim(stack, place, stack.ndim - 2, keepdims=False)
                return step(rows, current, kept, lifted, data)  # type: ignore[no-any-return]

            return jax.lax.fori_loop(span[0], span[1], batch_step, current)  # type: ignore[no-any-return]

        current = layout.inside(jax.tree.map(jnp.asarray, updated))
        for place, stack in enumerate(stacks):
            current = over(stack, spans[place], current)
        new = layout.outside(current, axes)
        return new, layout.each(_all_finite, new)

    def _new(self, rows: Any, updated: Data, rest: Data, lifted: Data, data: Data) -> Data:
        """One batch: new values."""
        batch = tuple(array[rows] for array in data)
        return self._step(batch, (*updated, *rest), lifted)[0]

    def measure_passes(
        self,
        layout: Layout,
        updated: Data,
        rest: Data,
        lifted: Data,
        parts: Sequence[tuple[Data, Stacks]],
    ) -> tuple[Data, Any]:
        """The outputs of each batch, in the order of the parts and their groups.

        Shape (n_batches, n_outputs), or (n_batches, n_slots, n_outputs).
        parts: (data, the groups of each size, as `passes.groups_of` makes them).
        """
        axes = layout.axes(updated)
        in_axes = (axes, layout.axes(rest), 0, None)
        step = layout.over(self._new_and_outputs, in_axes, (axes, 0))
        kept = layout.inside(rest)
        current, found = layout.inside(jax.tree.map(jnp.asarray, updated)), []
        for data, stacks in parts:
            for groups in stacks:
                current, outputs = _over_groups(
                    lambda rows, current, data=data: step(rows, current, kept, lifted, data),
                    current,
                    jnp.moveaxis(groups, (-3, -2), (0, 1)),
                )
                found.append(outputs)
        return layout.outside(current, axes), jnp.concatenate(found)

    def _new_and_outputs(
        self, rows: Any, updated: Data, rest: Data, lifted: Data, data: Data
    ) -> tuple[Data, Any]:
        """One batch: new values, and the outputs as one array."""
        batch = tuple(array[rows] for array in data)
        new, outputs = self._step(batch, (*updated, *rest), lifted)
        return new, jnp.stack([jnp.asarray(out, dtype=jnp.float64) for out in outputs])


def _over_groups(step: Any, current: Data, groups: Any) -> tuple[Data, Any]:
    """The outputs of each batch, first axis: the batch; batch by batch where one changes what the
    next one sees. groups: first axes the group, the batch in it."""
    if not current and groups.shape[1] > 1:
        together = jax.vmap(lambda rows: step(rows, ())[1])
        try:
            found = jax.lax.map(together, groups)
            return current, found.reshape(-1, *found.shape[2:])
        except UNTRACEABLE:  # what can't be vectorised goes one by one
            pass
    batches = groups.reshape(-1, *groups.shape[2:])
    return jax.lax.scan(lambda current, rows: step(rows, current), current, batches)  # type: ignore[no-any-return]


def _all_finite(values: Data) -> Any:
    """For each value whether all of it is finite."""
    return jnp.stack([jnp.isfinite(value).all() for value in map(floats, values)])


def floats(value: Any) -> Any:
    """The part of a value that can be infinite; of a random state, none."""
    return value if hasattr(value, "dtype") and value.dtype.kind == "f" else np.zeros(())
