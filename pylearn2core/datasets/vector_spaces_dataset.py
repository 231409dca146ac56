"""A dataset in memory with any sources in any spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pylearn2core.datasets.dataset import Dataset
from pylearn2core.rng import make_np_rng
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import (
    FiniteDatasetIterator,
    resolve_iterator_class,
    sources_of,
)

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import SeedOrRng
    from pylearn2core.utils.data_specs import DataSpecs
    from pylearn2core.utils.iteration import SubsetIterator


class VectorSpacesDataset(Dataset):
    """Examples in several sources.

    data: arrays, nested like data_specs.    data_specs: (space, sources).
    rng: seed or generator for stochastic iteration without one of its own.
    """

    _default_seed: ClassVar[tuple[int, ...]] = (17, 2, 946)

    def __init__(
        self,
        data: Any = None,
        data_specs: DataSpecs | None = None,
        rng: SeedOrRng | None = None,
        preprocessor: Any = None,
        fit_preprocessor: bool = False,
    ) -> None:
        if data is None or data_specs is None:
            raise ValueError("VectorSpacesDataset needs both data and data_specs")
        space, sources = data_specs
        self.data_specs: DataSpecs = (space, _tuples(sources))
        self.data = _tuples(data)
        space.np_validate(self.data)
        self._mapping = DataSpecsMapping(self.data_specs)
        names = [source for _, source in self._mapping.unique]
        if len(set(names)) < len(names):
            raise ValueError(f"each source may occur once, got {names}")
        self.rng = make_np_rng(rng, self._default_seed, which_method=["random_integers", "shuffle"])
        self._iter_mode = resolve_iterator_class("sequential")
        if preprocessor is not None:
            preprocessor.apply(self, fit_preprocessor)

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of `get_data()`."""
        return self.data_specs

    def get_data(self) -> Any:
        """All arrays, nested as in `get_data_specs()`."""
        return self.data

    def get_source(self, name: str) -> Any:
        """The array of one source."""
        return self._source(name)[0]

    def get_num_examples(self) -> int:
        """Number of examples."""
        return self.data_specs[0].np_batch_size(self.data)

    def has_targets(self) -> bool:
        """Whether one of the sources is 'targets'."""
        return "targets" in sources_of(self)

    def resident_sources(
        self, sources: tuple[str, ...], spaces: tuple[Space, ...] | None = None
    ) -> tuple[tuple[Any, Space], ...] | None:
        """Whole arrays with their spaces; None where an array's first axis is not the examples'."""
        found = tuple(self._source(name) for name in sources)
        return None if any(_batch_axis(space) != 0 for _, space in found) else found

    def _source(self, name: str) -> tuple[Any, Space]:
        sources = sources_of(self)
        if name not in sources:
            has = ", ".join(map(repr, sources))
            raise ValueError(f"the dataset has no source {name!r}; it has {has}")
        return sources[name]

    def iterator(
        self,
        mode: str | type[SubsetIterator] | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> FiniteDatasetIterator:
        """An iterator over one epoch's batches; of all sources without data_specs."""
        scheme = self._iter_mode if mode is None else resolve_iterator_class(mode)
        if rng is None and scheme.stochastic:
            rng = self.rng
        subsets = scheme(self.get_num_examples(), batch_size, num_batches, rng)
        return FiniteDatasetIterator(self, subsets, data_specs, return_tuple)


def _tuples(nested: Any) -> Any:
    """Lists (as YAML gives them) as tuples."""
    if isinstance(nested, list | tuple):
        return tuple(_tuples(part) for part in nested)
    return nested


def _batch_axis(space: Space) -> int:
    return space.get_batch_axis() if isinstance(space, Conv2DSpace) else 0
