"""What every dataset promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from pylearn2core.errors import UnsupportedError

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, SeedOrRng
    from pylearn2core.utils.data_specs import DataSpecs


class Dataset:
    """A collection of examples, which may be endless, and may allow no random access."""

    def __iter__(self) -> Any:
        return self.iterator()

    def iterator(
        self,
        mode: Any = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> Any:
        """An iterator over one epoch's batches.

        mode: name of an iteration scheme.    rng: a seed or generator for the stochastic ones.
        data_specs: (space, source) of what to yield.    return_tuple: a tuple even of one source.
        """
        raise UnsupportedError(f"{type(self).__name__} can't be iterated over")

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of `get_data()`."""
        raise UnsupportedError(f"{type(self).__name__} has no data specs")

    def get_data(self) -> Any:
        """All examples, nested as in `get_data_specs()`."""
        raise UnsupportedError(f"{type(self).__name__} can't give all its data at once")

    def get_num_examples(self) -> int | float:
        """Number of examples; infinity for an endless dataset."""
        raise UnsupportedError(f"{type(self).__name__} doesn't say how many examples it has")

    def resident_sources(
        self, sources: tuple[str, ...], spaces: tuple[Space, ...] | None = None
    ) -> tuple[tuple[Any, Space], ...] | None:
        """Whole arrays (first axis: examples) with their spaces, or None without random access.

        spaces: those that the arrays will be converted to, where the choice of view depends on it.
        """
        return None

    def has_targets(self) -> bool:
        """Whether examples come with targets."""
        return False

    def adjust_for_viewer(self, X: Array) -> Array:
        """Values of examples, scaled to [-1, 1] for showing."""
        raise UnsupportedError(f"{type(self).__name__} can't be shown")

    def has_topological_view(self) -> bool:
        """Whether examples have a view as images."""
        return hasattr(self, "get_topological_view")


# One dataset, or several by the prefix that each gives to its channels.
Datasets: TypeAlias = Dataset | Mapping[str, Dataset]
