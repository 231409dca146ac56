"""A dataset whose values, probabilities, are drawn anew as zeros and ones for each batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.datasets.transformer_dataset import TransformerDataset
from pylearn2core.rng import make_np_rng

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, SeedOrRng


class Draws:
    """Replaces each number p of an array by 1 with probability p, else by 0."""

    def __init__(self, space: Space, seed: SeedOrRng | None) -> None:
        self._space = space
        self._rng = make_np_rng(seed, [2013, 1, 4], which_method=["uniform"])

    def perform(self, X: Array) -> Array:
        """New draws."""
        drawn: Array = (self._rng.uniform(size=X.shape) < X).astype(X.dtype)
        return drawn

    def get_input_space(self) -> Space:
        """The features' own."""
        return self._space

    get_output_space = get_input_space


class Binarizer(TransformerDataset):
    """`raw`, whose features are in [0, 1], with zeros and ones drawn anew each time.

    seed: of the draws.
    """

    def __init__(self, raw: Any, seed: SeedOrRng | None = None) -> None:
        space, sources = raw.get_data_specs()
        features = space if sources == "features" else space.components[sources.index("features")]
        super().__init__(raw, Draws(features, seed), cpu_only=True, space_preserving=True)
