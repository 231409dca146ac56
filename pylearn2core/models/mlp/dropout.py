"""Dropout: inputs of layers left out at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.space import CompositeSpace, SimplyTypedSpace, Space
    from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
    from pylearn2core.types import Symbol


def apply_dropout(
    state: Symbol,
    include_prob: float | None,
    scale: float,
    theano_rng: MRG_RandomStreams,
    input_space: Space,
    *,
    mask_value: float = 0.0,
    batch_size: Symbol = None,
) -> Symbol:
    """Return `state` with each number kept with probability include_prob, and scaled.

    state: a batch of input_space.    include_prob: 1 or None leaves it as it is.
    mask_value: what stands in place of a number that is left out.
    batch_size: the number of rows, symbolic; None for one mask for all of them.
    """
    if include_prob is None or include_prob == 1.0:
        return state
    if not 0.0 < include_prob < 1.0:
        raise ConfigError(f"dropout: a probability must be in (0, 1], got {include_prob!r}.")
    if isinstance(state, tuple):
        parts = cast("CompositeSpace", input_space).components
        return tuple(
            apply_dropout(
                part,
                include_prob,
                scale,
                theano_rng,
                space,
                mask_value=mask_value,
                batch_size=batch_size,
            )
            for part, space in zip(state, parts, strict=True)
        )
    simple = cast("SimplyTypedSpace", input_space)
    mask = _mask(hyper(include_prob), state.dtype, theano_rng, simple, batch_size)
    if mask_value == 0:
        return state * mask * hyper(scale)
    return pt.switch(mask > hyper(0.0), state * hyper(scale), hyper(mask_value))


def _mask(
    p: Symbol,
    dtype: str,
    theano_rng: MRG_RandomStreams,
    space: SimplyTypedSpace,
    batch_size: Symbol,
) -> Symbol:
    # The space's own lengths, not those of the state's graph: a draw inside a compiled JAX
    # program needs a shape that it can work out beforehand.
    shape = list(space.get_origin_batch(1).shape)
    if batch_size is not None:
        shape[space.get_batch_axis()] = batch_size
    return theano_rng.binomial(size=tuple(shape), p=p, dtype=dtype)
