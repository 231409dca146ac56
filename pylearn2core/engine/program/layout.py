"""How the values and batches of the trials that a program runs at once lie beside one another."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import jax
import jax.numpy as jnp


class Layout(Enum):
    """One trial, or the slots of a pack: with batches of their own, or all with the same.

    Outside a program a pack's values are stacked, first axis: the slot. Inside one whose slots have
    the same batches, a matrix of shape (n_in, n_out) is kept as (n_in, slot, n_out): as it stands
    it is then one wide matrix, and the slots' products with a batch are one product.
    """

    ALONE = "alone"
    OWN = "own"
    COMMON = "common"

    def axes(self, values: Any) -> Any:
        """The slots' axis inside, for each array in `values`, which are as outside."""
        is_moved = self is Layout.COMMON
        return jax.tree.map(lambda array: int(is_moved and jnp.ndim(array) == 3), values)

    def inside(self, values: Any) -> Any:
        """The values as they are inside, from those outside."""
        if self is not Layout.COMMON:
            return values
        return jax.tree.map(lambda a, axis: jnp.moveaxis(a, 0, axis), values, self.axes(values))

    def outside(self, values: Any, axes: Any) -> Any:
        """The values as they are outside. axes: theirs inside."""
        if self is not Layout.COMMON:
            return values
        return jax.tree.map(lambda a, axis: jnp.moveaxis(a, axis, 0), values, axes)

    def over(self, function: Callable[..., Any], in_axes: tuple[Any, ...], out_axes: Any) -> Any:
        """A function of (rows, ...) for one slot, for all of them at once.

        in_axes: of what comes after the rows; as in jax.vmap.
        """
        if self is Layout.ALONE:
            return function
        rows = 0 if self is Layout.OWN else None
        return jax.vmap(function, (rows, *in_axes), out_axes)

    def each(self, function: Callable[..., Any], values: Any) -> Any:
        """A function of one slot's values, for those of all of them, as they are outside."""
        return function(values) if self is Layout.ALONE else jax.vmap(function)(values)
