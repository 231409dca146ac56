"""PyTensor's JAX functions of Ops, put right: what the engine lowers a graph with.

Nothing of PyTensor's is replaced: the engine hands `convert` to it for each graph, so no `install`
is needed, and the numbers are the same in every process.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable
from functools import cache, reduce
from typing import Any

import jax
import jax.numpy as jnp
from pytensor.link.jax.dispatch import jax_funcify
from pytensor.scalar.basic import Add, Mul
from pytensor.tensor.elemwise import Elemwise

log = logging.getLogger(__name__)

_CHAINS = {Add: operator.add, Mul: operator.mul}


def convert(op: Any, node: Any = None, **kwargs: Any) -> Callable[..., Any]:
    """PyTensor's JAX function of an Op, with results of the dtypes that the graph declares.

    Some of PyTensor's lack that: its sum of float32 numbers is a float64, and all that follows
    from it, so a whole backward pass would be.
    """
    plain = _sum_or_product(op, node) or jax_funcify(op, node=node, **kwargs)
    if node is None:
        return plain
    dtypes = [getattr(output.type, "dtype", None) for output in node.outputs]

    def declared(*inputs: Any) -> Any:
        results = plain(*inputs)
        # A shape is one output, and a tuple.
        if len(dtypes) > 1 and isinstance(results, tuple | list):
            return type(results)(map(_as_declared, results, dtypes))
        return _as_declared(results, dtypes[0])

    return declared


def _as_declared(value: Any, dtype: str | None) -> Any:
    if dtype is None or not isinstance(value, jax.Array) or value.dtype == dtype:
        return value
    return value.astype(dtype)


def _sum_or_product(op: Any, node: Any) -> Callable[..., Any] | None:
    """Of a sum or product of several, term by term; PyTensor stacks the terms first."""
    combine = _CHAINS.get(type(op.scalar_op)) if isinstance(op, Elemwise) else None
    if combine is None or node is None or len(node.inputs) < 3:
        return None
    check = _broadcast_check()
    if check is None:
        return None

    def chain(*terms: Any) -> Any:
        check(node, tuple(map(jnp.asarray, terms)))
        return reduce(combine, terms)

    return chain


@cache
def _broadcast_check() -> Callable[..., None] | None:
    """PyTensor's check that no array spreads over another one unless the graph says so."""
    check: Callable[..., None] | None = getattr(Elemwise, "_check_runtime_broadcast", None)
    if check is None:
        log.warning(
            "This PyTensor has no Elemwise._check_runtime_broadcast: sums and products of three "
            "terms or more are its own, which stack their terms first."
        )
    return check
