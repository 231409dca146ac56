"""A training or monitoring step as a graph: what one batch does."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytensor.graph.traversal import graph_inputs

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


def batch_axis(variable: Variable) -> int:
    """Along which axis a batch's variable has the examples."""
    return int(getattr(variable.tag, "batch_axis", 0))


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
