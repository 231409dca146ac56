"""A training or monitoring step as a graph, and the key under which its program is kept.

Trials that differ only in numbers are one program. A graph is read once, from its roots to its
leaves, and gives three things: a key that is equal for two graphs exactly when one program can
serve both, the shared variables in the order in which that program takes them, and the values of
the float constants that were lifted to inputs.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import graph_inputs, toposort
from pytensor.scalar.basic import Pow
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.type import TensorType

# Rewrites look for these values (log(1 - sigmoid) and the like), so they stay in the graph.
_KEPT = (-1.0, 0.0, 1.0)

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
    """

    key: Hashable
    shared: tuple[Variable, ...]
    updated: int
    lifted: tuple[tuple[Any, int, str], ...]
    values: np.ndarray[Any, np.dtype[np.float64]]


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
        self.ids: dict[Variable, Hashable] = {}
        self.shared: list[Variable] = []
        self.lifted: list[tuple[Any, int, str]] = []
        self.dtypes: dict[Any, str] = {}
        self.values: list[float] = []
        for place, group in enumerate(step.inputs):
            for variable in group:
                self.ids[variable] = ("in", place, _batch_axis(variable), variable.type)
        for variable in step.updates:
            self._number_shared(variable)

    def reading(self) -> Reading:
        updated = len(self.shared)
        roots = self.step.roots
        nodes = list(toposort(roots))
        self.dtypes = _liftable(nodes)
        walk: list[Hashable] = []
        for number, node in enumerate(nodes):
            walk.append(self._line(node))
            for place, output in enumerate(node.outputs):
                self.ids[output] = (number, place)
        ends = tuple(self._id(root) for root in roots)
        return Reading(
            key=(len(self.step.inputs), updated, tuple(walk), ends),
            shared=tuple(self.shared),
            updated=updated,
            lifted=tuple(self.lifted),
            values=np.array(self.values, dtype=np.float64),
        )

    def _line(self, node: Any) -> Hashable:
        places: list[Hashable] = [node.op]
        for index, variable in enumerate(node.inputs):
            if node in self.dtypes and _can_lift(node, index, variable):
                self.lifted.append((node, index, self.dtypes[node]))
                self.values.append(float(variable.data))
                places.append(("lift", self.dtypes[node]))
            else:
                places.append(self._id(variable))
        return tuple(places)

    def _id(self, variable: Variable) -> Hashable:
        known = self.ids.get(variable)
        if known is None:
            known = self._leaf(variable)
        return known

    def _leaf(self, variable: Variable) -> Hashable:
        if isinstance(variable, Constant):
            # signature() is PyTensor's own notion of equal constants (NaN, -0.0 included).
            self.ids[variable] = ("const", variable.type, variable.signature())
        elif isinstance(variable, SharedVariable):
            self._number_shared(variable)
        else:
            raise TypeError(
                f"The graph needs the variable {variable!r}, which is neither an input of the "
                "batch, a shared variable nor a constant. Make it one of these."
            )
        return self.ids[variable]

    def _number_shared(self, variable: Variable) -> None:
        self.ids[variable] = ("shared", len(self.shared), variable.type)
        self.shared.append(variable)


def _can_lift(node: Any, index: int, variable: Variable) -> bool:
    """A float that is no exponent and not one of the numbers that rewrites look for."""
    return (
        isinstance(variable, Constant)
        and variable.type.ndim == 0
        and variable.type.dtype.startswith("float")
        and float(variable.data) not in _KEPT
        and not _is_exponent(node, index)
    )


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
        elementwise = isinstance(node.op, Elemwise)
        widest = _widest(node.inputs) if elementwise else None
        if widest is not None:
            dtypes[node] = widest
        for index, variable in enumerate(node.inputs):
            source = variable.owner
            if source is None or not _broadcasts_constant(source):
                continue
            if widest is None or _is_exponent(node, index):
                outside.add(source)
            else:
                dtypes[source] = max(dtypes.get(source, ""), widest)
    return {node: dtype for node, dtype in dtypes.items() if node not in outside}


def _broadcasts_constant(node: Any) -> bool:
    return isinstance(node.op, DimShuffle) and isinstance(node.inputs[0], Constant)


def _widest(variables: Sequence[Variable]) -> str | None:
    """The widest float among the variables' dtypes; float16 < float32 < float64 as text too."""
    dtypes = (str(getattr(variable.type, "dtype", "")) for variable in variables)
    return max((dtype for dtype in dtypes if dtype.startswith("float")), default=None)


def _batch_axis(variable: Variable) -> int:
    return int(getattr(variable.tag, "batch_axis", 0))


def _input_for(group: Sequence[Variable]) -> tuple[Variable, Variable]:
    """(an input with the examples along its first axis, what the group's variables stand for)."""
    kind, axis = group[0].type, _batch_axis(group[0])
    if axis == 0:
        batch = kind()
        return batch, batch
    order = [axis, *(other for other in range(kind.ndim) if other != axis)]
    batch = kind.clone(shape=tuple(kind.shape[place] for place in order))()
    return batch, batch.dimshuffle(*np.argsort(order).tolist())


def rebuild(step: Step, reading: Reading) -> tuple[list[Variable], list[Variable]]:
    """Return (inputs, outputs) of a pure copy of the step's graph.

    inputs: a batch's arrays, the shared variables' values, the lifted constants: plain
    variables in that order.    outputs: new values of the updated shared variables, then
    the step's outputs.
    """
    pairs = [_input_for(group) for group in step.inputs]
    batch = [new for new, _ in pairs]
    shared = [variable.type() for variable in reading.shared]
    lifted = {(node, index): TensorType(dtype, shape=())() for node, index, dtype in reading.lifted}
    copies: dict[Variable, Variable] = dict(zip(reading.shared, shared, strict=True))
    for group, (_, new) in zip(step.inputs, pairs, strict=True):
        copies.update(dict.fromkeys(group, new))
    for node in toposort(step.roots):
        inputs = [
            lifted.get((node, index), copies.get(variable, variable))
            for index, variable in enumerate(node.inputs)
        ]
        if any(new is not old for new, old in zip(inputs, node.inputs, strict=True)):
            new_node = node.clone_with_new_inputs(inputs, strict=False)
            copies.update(zip(node.outputs, new_node.outputs, strict=True))
    outputs = [copies.get(root, root) for root in step.roots]
    return [*batch, *shared, *lifted.values()], outputs
