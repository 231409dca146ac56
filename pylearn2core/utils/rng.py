"""Random generators, NumPy's and symbolic, under Pylearn2's dotted name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.rng import copy_rng, make_np_rng, make_rng

if TYPE_CHECKING:
    from pylearn2core.types import Seed, SeedOrRng

__all__ = ["copy_rng", "make_np_rng", "make_rng", "make_theano_rng"]


def make_theano_rng(
    rng_or_seed: SeedOrRng | None = None,
    default_seed: Seed | None = None,
    which_method: str | list[str] | None = None,
) -> Any:
    """`make_rng` for a symbolic stream, `MRG_RandomStreams`."""
    from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams

    return make_rng(rng_or_seed, default_seed, which_method, MRG_RandomStreams)
