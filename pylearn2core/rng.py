"""Random generators from a seed, a list of seeds, or a generator that exists already."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pylearn2core.types import Array, Seed, SeedOrRng

LAST_RESORT_SEED = 42


def make_rng(
    rng_or_seed: SeedOrRng | None = None,
    default_seed: Seed | None = None,
    which_method: str | list[str] | None = None,
    constructor: Any = np.random.RandomState,
) -> Any:
    """Return `rng_or_seed` if it is a generator, else a new one seeded with it.

    which_method: names of the methods that tell a generator; an object that has any of them is one.
    None falls back to `default_seed`, then to 42.
    """
    methods = [which_method] if isinstance(which_method, str) else (which_method or [])
    if rng_or_seed is not None and any(hasattr(rng_or_seed, name) for name in methods):
        return rng_or_seed
    if rng_or_seed is not None and not methods and hasattr(rng_or_seed, "shuffle"):
        return rng_or_seed
    for seed in (rng_or_seed, default_seed):
        if seed is not None:
            return constructor(seed)
    return constructor(LAST_RESORT_SEED)


def make_np_rng(
    rng_or_seed: SeedOrRng | None = None,
    default_seed: Seed | None = None,
    which_method: str | list[str] | None = None,
) -> np.random.RandomState:
    """`make_rng` for NumPy's legacy generator, whose streams Pylearn2's numbers come from."""
    rng: np.random.RandomState = make_rng(rng_or_seed, default_seed, which_method)
    return rng


def copy_rng(rng: np.random.RandomState) -> np.random.RandomState:
    """Return an independent copy.

    `copy.copy` shares the bit generator since NumPy 1.17, so a draw from one would move the other.
    """
    return copy.deepcopy(rng)


def swapped_order(count: int, rng: np.random.RandomState) -> Array:
    """An order of `count` rows: each row in turn changes places with a random one."""
    order = np.arange(count)
    for row in range(count):
        other = rng.randint(count)
        order[[row, other]] = order[[other, row]]
    return order
