"""Bounds on the norms of a matrix's rows or columns, or of a convolution's kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def bound_norms(
    W: Symbol, *, axis: int | tuple[int, ...], limit: Symbol = None, min_limit: Symbol = 0.0
) -> Symbol:
    """Return W scaled so that its L2 norms over `axis` lie in [min_limit, limit].

    axis: an int, or a tuple of ints for a convolution's kernels.
    limit: None for no upper bound.
    A filter that is all zeros stays so, whatever min_limit says.
    """
    norms = pt.sqrt(pt.sqr(W).sum(axis=axis, keepdims=True))
    wanted = norms
    # The order of clip: the upper bound wins where the two contradict each other.
    if not isinstance(min_limit, int | float) or min_limit != 0:
        wanted = pt.maximum(wanted, hyper(min_limit))
    if limit is not None:
        wanted = pt.minimum(wanted, hyper(limit))
    # hyper() here too: a bare 1e-7 would be float64 and upcast a float32 graph.
    return W * (wanted / pt.maximum(hyper(1e-7), norms))
