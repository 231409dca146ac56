"""Gradients that wait: to know a step's program, its graph is enough with them left out.

`pytensor.grad` makes more nodes than the objective itself has, and all of them follow from the
objective's graph. Where a trial's program is known already nobody looks at them. So one node stands
for them, which is worked out where it is needed: for a new program, and wherever a user's own code
compiles or differentiates it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter

Variables = Sequence[Any]

_waits: ContextVar[bool] = ContextVar("gradients_wait", default=False)


@contextmanager
def waiting(allowed: bool) -> Iterator[None]:
    """Let `gradients` in here answer with variables that are worked out later."""
    reset = _waits.set(allowed)
    try:
        yield
    finally:
        _waits.reset(reset)


def gradients(cost: Any, params: Variables) -> list[Any]:
    """d cost / d param for each of the params; zeros for those that the cost does not need.

    cost: a scalar variable.
    """
    params = list(params)
    if _waits.get() and params and not any(param is cost for param in params):
        return list(GRADIENTS(cost, *params, return_list=True))
    return list(pt.grad(cost, params, disconnected_inputs="ignore"))


class Gradients(Op):
    """The gradients of a scalar, its first input, by its other inputs; of their types."""

    __props__ = ()

    def make_node(self, cost: Any, *params: Any) -> Any:
        """The node that stands for the gradients."""
        return Apply(self, [cost, *params], [param.type() for param in params])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """Not to be run: a rewrite puts the gradients in its place first."""
        raise NotImplementedError("gradients that wait have to be worked out before they run")

    def pullback(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Any]:
        """Gradients of the gradients."""
        known = dict(zip(worked_out(inputs), output_gradients, strict=True))
        return list(pt.grad(None, list(inputs), known_grads=known, disconnected_inputs="ignore"))


GRADIENTS = Gradients()


def worked_out(inputs: Variables) -> list[Any]:
    """What a node of GRADIENTS with these inputs stands for."""
    cost, *params = inputs
    return list(pt.grad(cost, params, disconnected_inputs="ignore"))


@node_rewriter([Gradients])  # type: ignore[untyped-decorator]  # PyTensor's
def _in_place(fgraph: Any, node: Any) -> Any:
    """In a user's own function: the gradients for the node that stands for them."""
    return [
        new.astype(old.type.dtype) if new.type.dtype != old.type.dtype else new
        for new, old in zip(worked_out(node.inputs), node.outputs, strict=True)
    ]


optdb.register(
    "work_out_gradients", dfs_rewriter(_in_place), "fast_compile", "fast_run", position=-0.02
)
