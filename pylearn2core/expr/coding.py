"""Feature codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def triangle_code(X: Symbol, centroids: Symbol) -> Symbol:
    """max(0, mean distance - distance) of each example to each centroid; shape (n, centroids).

    Source: Coates, Lee and Ng 2011, "An analysis of single-layer networks".
    """
    squares = pt.sqr(X).sum(axis=1, keepdims=True) + pt.sqr(centroids).sum(axis=1)
    distances = pt.sqrt(pt.maximum(squares - 2 * pt.dot(X, centroids.T), 0))
    return pt.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)
