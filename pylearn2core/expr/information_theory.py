"""Entropies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytensor.tensor as pt

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


def entropy_binary_vector(P: Symbol) -> Symbol:
    """The entropy, in nats, of each row of independent bits; P: their probabilities to be 1."""
    one = pt.ones_like(P)
    return (_term(P) + _term(one - P)).sum(axis=1)


def _term(p: Symbol) -> Symbol:
    """-p log p, 0 at 0."""
    positive = p > 0
    return -pt.switch(positive, p * pt.log(pt.switch(positive, p, pt.ones_like(p))), 0 * p)
