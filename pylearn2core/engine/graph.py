"""A training or monitoring step as a graph, and the key under which its program is kept.

Trials that differ only in numbers are one program. A graph is read once, from its roots to its
leaves, and gives three things: a key that is equal for two graphs exactly when one program can
serve both, the shared variables in the order in which that program takes them, and the values of
the float constants that were lifted to inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import graph_inputs
from pytensor.scalar.basic import Pow, ScalarType
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.type import TensorType

from pylearn2core.engine import numbers, quick
from pylearn2core.engine.gradients import GRADIENTS

quick.install()

# Rewrites look for these values (log(1 - sigmoid) and the like), so they stay in the graph.
_KEPT = (-1.0, 0.0, 1.0)

# In a key: what stands for a lifted constant of each dtype, where others have a variable's number.
_LIFTED = {"float16": -1, "float32": -2, "float64": -3}
_SMALL = 64  # elements of a constant array that the key holds whole

Variable = Any  # PyTensor's classes carry no types that mypy can use


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch does.

    inputs: one group of variables for each array of a batch; all of a group stand for that array.
    A program gets its arrays with the examples along the first axis. A variable that has them
    along another one says so in `tag.batch_axis`; all of its group do.
    updates: shared variable to its new value.    outputs: values to report.
    """

    inputs: tuple[tuple[Variable, ...], ...]
    updates: Mapping[Variable, Variable]
    outputs: tuple[Variable, ...]

    @property
    def roots(self) -> list[Variable]:
        """What the step computes: the new values, then the outputs."""
        return [*self.updates.values(), *self.outputs]


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


def default_updates(
    roots: Iterable[Variable], known: Container[Variable]
) -> dict[Variable, Variable]:
    """The updates that the graph of `roots` brings along: of its random states, above all.

    Theano's functions apply the `default_update` of a shared variable without being told; a step
    has to be told. known: variables whose update is given already.
    """
    found: dict[Variable, Variable] = {}
    waiting = list(roots)
    while waiting:
        new = {
            variable: variable.default_update
            for variable in graph_inputs(waiting)
            if getattr(variable, "default_update", None) is not None
            and variable not in known
            and variable not in found
        }
        found.update(new)
        waiting = list(new.values())
    return found


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
        dtypes = _liftable(nodes)
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
                kind = batch_axis(variable), numbers.of_type(variable.type)
                if kind not in same:
                    same[kind] = self._define(variable, "in", place, *kind)
                self.ids[variable] = same[kind]

    def _write(self, node: Any, dtype: str | None) -> None:
        """Write a node down. dtype: of its lifted constants; None where it can have none."""
        sources: list[int] = []
        for index, variable in enumerate(node.inputs):
            if dtype is not None and _can_lift(node, index, variable):
                self.lifted.append((node, index, dtype))
                self.values.append(float(variable.data))
                sources.append(_LIFTED[dtype])
            else:
                sources.append(self._id(variable))
        self.walk += (numbers.of_op(node.op), len(sources), len(node.outputs), *sources)
        for output in node.outputs:
            self.ids[output] = next(self.fresh)

    def _id(self, variable: Variable) -> int:
        known = self.ids.get(variable)
        return self._leaf(variable) if known is None else known

    def _leaf(self, variable: Variable) -> int:
        if _is_constant(variable):
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
        return self._define(variable, "shared", numbers.of_type(variable.type))

    def _define(self, variable: Variable, *words: Hashable) -> int:
        self.walk += words
        number = self.ids[variable] = next(self.fresh)
        return number


def in_order(roots: Iterable[Variable]) -> list[Any]:
    """The nodes that the roots need, each after those that it needs itself."""
    order: dict[Any, None] = {}
    waiting = [root.owner for root in reversed(list(roots)) if root.owner is not None]
    while waiting:
        node = waiting[-1]
        before = len(waiting)
        if node not in order:
            for variable in node.inputs:
                source = variable.owner
                if source is not None and source not in order:
                    waiting.append(source)
        if len(waiting) == before:
            order[waiting.pop()] = None
    return list(order)


def _exactly(constant: Variable) -> tuple[Hashable, ...]:
    """What tells a constant from all others; NaN is one, -0.0 is not 0.0."""
    kind = constant.type
    if type(kind) is ScalarType or (type(kind) is TensorType and constant.data.size <= _SMALL):
        return numbers.of_type(kind), np.asarray(constant.data, dtype=kind.dtype).tobytes()
    return kind, constant.signature()


def _can_lift(node: Any, index: int, variable: Variable) -> bool:
    """A float that is no exponent and not one of the numbers that rewrites look for."""
    return (
        _is_constant(variable)
        and variable.type.ndim == 0
        and variable.type.dtype.startswith("float")
        and float(variable.data) not in _KEPT
        and not _is_exponent(node, index)
    )


def _is_constant(variable: Variable) -> bool:
    """isinstance(variable, Constant), which takes PyTensor's classes half a microsecond."""
    kind = type(variable)
    known = _constant_classes.get(kind)
    if known is None:
        known = _constant_classes[kind] = issubclass(kind, Constant)
    return known


_constant_classes: dict[type, bool] = {}


def _is_exponent(node: Any, index: int) -> bool:
    return index == 1 and isinstance(getattr(node.op, "scalar_op", None), Pow)


def _liftable(nodes: Sequence[Any]) -> dict[Any, str]:
    """The nodes whose float constants may become inputs, and the dtype for them.

    These are elementwise arithmetic, and broadcasts of a constant that it alone uses: from there
    a number can't reach a shape. PyTensor gives a constant the smallest dtype that holds it
    (0.25 a float16, 0.3 a float64), so that two values would be two graphs; the widest float that
    the arithmetic meets there gives the same result for both.
    """
    dtypes: dict[Any, str] = {}
    outside = set()
    for node in nodes:
        widest: str | None = None
        for index, variable in enumerate(node.inputs):
            source = variable.owner
            if source is None:
                if not _is_constant(variable):
                    continue
            elif not _broadcasts_constant(source):
                continue
            if widest is None and isinstance(node.op, Elemwise):
                widest = _widest(node.inputs)
            if source is None:
                if widest is not None:
                    dtypes[node] = widest
            elif widest is None or _is_exponent(node, index):
                outside.add(source)
            else:
                dtypes[source] = max(dtypes.get(source, ""), widest)
    return {node: dtype for node, dtype in dtypes.items() if node not in outside}


def _broadcasts_constant(node: Any) -> bool:
    return isinstance(node.op, DimShuffle) and _is_constant(node.inputs[0])


def _widest(variables: Sequence[Variable]) -> str | None:
    """The widest float among the variables' dtypes; float16 < float32 < float64 as text too."""
    dtypes = (str(getattr(variable.type, "dtype", "")) for variable in variables)
    return max((dtype for dtype in dtypes if dtype.startswith("float")), default=None)


def batch_axis(variable: Variable) -> int:
    """Along which axis a batch's variable has the examples."""
    return int(getattr(variable.tag, "batch_axis", 0))
