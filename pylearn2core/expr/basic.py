"""Small symbolic helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol

_BESIDE_ZERO = 1e-8  # Pylearn2's


def full_min(var: Symbol) -> Symbol:
    """The least of all elements."""
    return var.min(axis=list(range(var.ndim)))


def full_max(var: Symbol) -> Symbol:
    """The greatest of all elements."""
    return var.max(axis=list(range(var.ndim)))


def multiple_switch(*args: Any) -> Symbol:
    """`condition, value, condition, value, ..., default`: the first value whose condition holds."""
    if len(args) == 1:
        found: Symbol = args[0]
        return found
    if len(args) % 2 == 0:
        raise ValueError(f"expected pairs of condition and value and a default, got {len(args)}")
    return pt.switch(args[0], args[1], multiple_switch(*args[2:]))


def is_binary(x: Array) -> bool:
    """Whether all elements are 0 or 1."""
    return bool(np.isin(x, (0, 1)).all())


def log_sum_exp(A: Symbol, axis: int | None = None, log_A: Symbol | None = None) -> Symbol:
    """log(sum(exp(A))) over an axis, safe where exp(A) overflows.

    log_A: with it, log(sum(exp(A) exp(log_A))).
    """
    terms = A if log_A is None else A + log_A
    top = terms.max(axis=axis, keepdims=True)
    total = pt.log(pt.exp(terms - top).sum(axis=axis, keepdims=True)) + top
    return total.squeeze(axis) if axis is not None else total.sum()


def numpy_norms(W: Array) -> Array:
    """The L2 norms of the columns, as `theano_norms` has them."""
    values: Array = np.sqrt(_BESIDE_ZERO + np.square(W).sum(axis=0))
    return values


def theano_norms(W: Symbol) -> Symbol:
    """The L2 norms of the columns: sqrt(1e-8 + sum of squares).

    So the gradient at a column of zeros is 0; that of the norm itself would be NaN.
    """
    return pt.sqrt(hyper(_BESIDE_ZERO) + pt.sqr(W).sum(axis=0))


def symGivens2(a: Symbol, b: Symbol) -> tuple[Symbol, Symbol, Symbol]:
    """(c, s, d) of a Givens rotation: [c s; s -c] maps (a, b) to (d, 0)."""
    d = pt.sqrt(pt.sqr(a) + pt.sqr(b))
    safe = pt.switch(pt.eq(d, 0), pt.ones_like(d), d)
    c = pt.switch(pt.eq(d, 0), pt.ones_like(d), a / safe)
    return c, b / safe, d
