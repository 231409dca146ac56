"""Dropout: inputs of layers left out at random."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper


def apply_dropout(
    state: Any,
    include_prob: float | None,
    scale: float,
    theano_rng: Any,
    input_space: Any,
    *,
    mask_value: float = 0.0,
    per_example: bool = True,
) -> Any:
    """Return `state` with each number kept with probability include_prob, and scaled.

    state: a batch of input_space.    include_prob: 1 or None leaves it as it is.
    mask_value: what stands in place of a number that is left out.
    per_example: false for one mask for the whole batch.
    """
    if include_prob is None or include_prob == 1.0:
        return state
    if not 0.0 < include_prob < 1.0:
        raise ConfigError(f"dropout: a probability must be in (0, 1], got {include_prob!r}.")
    if isinstance(state, tuple):
        spaces = input_space.components
        return tuple(
            apply_dropout(
                part,
                include_prob,
                scale,
                theano_rng,
                space,
                mask_value=mask_value,
                per_example=per_example,
            )
            for part, space in zip(state, spaces, strict=True)
        )
    mask = theano_rng.binomial(
        size=_mask_shape(state, input_space, per_example), p=hyper(include_prob), dtype=state.dtype
    )
    if not per_example:
        axis = input_space.get_batch_axis()
        mask = pt.specify_shape(mask, [1 if i == axis else None for i in range(mask.ndim)])
    if mask_value == 0:
        return state * mask * hyper(scale)
    return pt.switch(mask > hyper(0.0), state * hyper(scale), hyper(mask_value))


def _mask_shape(state: Any, input_space: Any, per_example: bool) -> tuple[Any, ...]:
    shape = list(state.shape)
    if not per_example:
        shape[input_space.get_batch_axis()] = 1
    return tuple(shape)
