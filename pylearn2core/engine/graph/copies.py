"""Copies of a step's graph: with plain inputs, for a program; with its gradients worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pytensor.tensor.type import TensorType

from pylearn2core.engine.graph.gradients import GRADIENTS, worked_out
from pylearn2core.engine.graph.reading import Reading
from pylearn2core.engine.graph.step import Step, Variable, batch_axis, in_order


def pure(step: Step, reading: Reading) -> tuple[list[Variable], list[Variable]]:
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
    outputs = _copied(step.roots, copies, lifted)
    return [*batch, *shared, *lifted.values()], outputs


def _input_for(group: Sequence[Variable]) -> tuple[Variable, Variable]:
    """(an input with the examples along its first axis, what the group's variables stand for)."""
    kind, axis = group[0].type, batch_axis(group[0])
    if axis == 0:
        batch = kind()
        return batch, batch
    order = [axis, *(other for other in range(kind.ndim) if other != axis)]
    batch = kind.clone(shape=tuple(kind.shape[place] for place in order))()
    return batch, batch.dimshuffle(*np.argsort(order).tolist())


def with_gradients(step: Step, marks: Mapping[tuple[Any, int], Any] | None = None) -> Step:
    """The step with its gradients worked out.

    marks: what stands for the input of a given index of one of its nodes.
    """
    roots = _copied(step.roots, {}, marks or {})
    n_updates = len(step.updates)
    updates = dict(zip(step.updates, roots[:n_updates], strict=True))
    return Step(step.inputs, updates, tuple(roots[n_updates:]))


def _copied(
    roots: Sequence[Variable],
    copies: dict[Variable, Variable],
    swaps: Mapping[tuple[Any, int], Variable],
) -> list[Variable]:
    """The roots, computed from other variables, with gradients that wait worked out.

    copies: what stands for a variable; what the nodes in between give is added.
    swaps: what stands for the input of a given index of a node of the roots' graph.
    """
    for node in in_order(roots):
        inputs = [
            swaps.get((node, index), copies.get(variable, variable))
            for index, variable in enumerate(node.inputs)
        ]
        if node.op is GRADIENTS:
            copies.update(zip(node.outputs, worked_out(inputs), strict=True))
        elif any(new is not old for new, old in zip(inputs, node.inputs, strict=True)):
            new_node = node.clone_with_new_inputs(inputs, strict=False)
            copies.update(zip(node.outputs, new_node.outputs, strict=True))
    return [copies.get(root, root) for root in roots]
