"""A step's graph read once: the key under which its program is kept, and what is the trial's own.

Trials that differ only in numbers are one program. A graph is read from its roots to its leaves,
and gives three things: a key that is equal for two graphs exactly when one program can serve both,
the shared variables in the order in which that program takes them, and the values of the float
constants that were lifted to inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.scalar.basic import ScalarType
from pytensor.tensor.type import TensorType

from pylearn2core.engine.graph.gradients import GRADIENTS
from pylearn2core.engine.graph.interning import number_of_op, number_of_type
from pylearn2core.engine.graph.lifting import can_lift, is_constant, liftable
from pylearn2core.engine.graph.step import Step, Variable, batch_axis, in_order

# In a key: what stands for a lifted constant of each dtype, where others have a variable's number.
_LIFTED = {"float16": -1, "float32": -2, "float64": -3}
_SMALL = 64  # elements of a constant array that the key holds whole


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a step's graph found.

    key: equal for steps that one program can serve.
    shared: the shared variables, updated ones first, in the program's order.
    updated: how many of `shared` the step updates.
    lifted: (node, input index, dtype) of each constant that became an input.
    values: those constants' values, float64, shape (n_lifted,).
    waits: whether gradients in it are still to be worked out.
    """

    key: Hashable
    shared: tuple[Variable, ...]
    updated: int
    lifted: tuple[tuple[Any, int, str], ...]
    values: np.ndarray[Any, np.dtype[np.float64]]
    waits: bool


def shared_of(step: Step) -> tuple[Variable, ...]:
    """The shared variables of a step: those that it updates first."""
    return read(step).shared


def read(step: Step) -> Reading:
    """Read a step's graph; about 3 microseconds a node."""
    return _Reader(step).reading()


class _Reader:
    """Numbers every variable by its place in a deterministic walk, and writes the walk down."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.ids: dict[Variable, int] = {}
        self.constants: dict[Hashable, int] = {}
        self.fresh = itertools.count()
        self.walk: list[Hashable] = []
        self.shared: list[Variable] = []
        self.lifted: list[tuple[Any, int, str]] = []
        self.values: list[float] = []
        self._number_inputs()
        for variable in step.updates:
            self._number_shared(variable)

    def reading(self) -> Reading:
        updated = len(self.shared)
        roots = self.step.roots
        nodes = in_order(roots)
        dtypes = liftable(nodes)
        for node in nodes:
            self._write(node, dtypes.get(node))
        ends = [self._id(root) for root in roots]
        return Reading(
            key=(len(self.step.inputs), updated, *self.walk, "ends", *ends),
            shared=tuple(self.shared),
            updated=updated,
            lifted=tuple(self.lifted),
            values=np.array(self.values, dtype=np.float64),
            waits=any(node.op is GRADIENTS for node in nodes),
        )

    def _number_inputs(self) -> None:
        """Variables of one type that stand for the same array are the same one."""
        for place, group in enumerate(self.step.inputs):
            same: dict[Hashable, int] = {}
            for variable in group:
                kind = batch_axis(variable), number_of_type(variable.type)
                if kind not in same:
                    same[kind] = self._define(variable, "in", place, *kind)
                self.ids[variable] = same[kind]

    def _write(self, node: Any, dtype: str | None) -> None:
        """Write a node down. dtype: of its lifted constants; None where it can have none."""
        sources: list[int] = []
        for index, variable in enumerate(node.inputs):
            if dtype is not None and can_lift(node, index, variable):
                self.lifted.append((node, index, dtype))
                self.values.append(float(variable.data))
                sources.append(_LIFTED[dtype])
            else:
                sources.append(self._id(variable))
        self.walk += (number_of_op(node.op), len(sources), len(node.outputs), *sources)
        for output in node.outputs:
            self.ids[output] = next(self.fresh)

    def _id(self, variable: Variable) -> int:
        known = self.ids.get(variable)
        return self._leaf(variable) if known is None else known

    def _leaf(self, variable: Variable) -> int:
        if is_constant(variable):
            # By value: PyTensor hands out one constant for a number, or another one, as it likes.
            words = _exactly(variable)
            known = self.constants.get(words)
            if known is None:
                known = self.constants[words] = self._define(variable, "const", *words)
            self.ids[variable] = known
            return known
        if isinstance(variable, SharedVariable):
            return self._number_shared(variable)
        raise TypeError(
            f"The graph needs the variable {variable!r}, which is neither an input of the "
            "batch, a shared variable nor a constant. Make it one of these."
        )

    def _number_shared(self, variable: Variable) -> int:
        self.shared.append(variable)
        return self._define(variable, "shared", number_of_type(variable.type))

    def _define(self, variable: Variable, *words: Hashable) -> int:
        self.walk += words
        number = self.ids[variable] = next(self.fresh)
        return number


def _exactly(constant: Variable) -> tuple[Hashable, ...]:
    """What tells a constant from all others; NaN is one, -0.0 is not 0.0."""
    kind = constant.type
    if type(kind) is ScalarType or (type(kind) is TensorType and constant.data.size <= _SMALL):
        return number_of_type(kind), np.asarray(constant.data, dtype=kind.dtype).tobytes()
    return kind, constant.signature()
