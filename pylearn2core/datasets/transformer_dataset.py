"""A dataset whose features go through a block, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.datasets.dataset import Dataset
from pylearn2core.space import CompositeSpace, Space
from pylearn2core.utils.data_specs import DataSpecsMapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pylearn2core.types import SeedOrRng
    from pylearn2core.utils.data_specs import DataSpecs


class TransformerDataset(Dataset):
    """`raw` with `transformer.perform` of its features in their place.

    transformer: has perform(batch), get_input_space() and get_output_space(), as a Block has.
    cpu_only: accepted for Pylearn2's sake; changes nothing.
    """

    def __init__(
        self,
        raw: Any,
        transformer: Any,
        cpu_only: bool = False,
        space_preserving: bool = False,
    ) -> None:
        self.raw = raw
        self.transformer = transformer
        self.cpu_only = cpu_only
        self.space_preserving = space_preserving

    def get_data_specs(self) -> DataSpecs:
        """The raw dataset's, with the transformer's output space for 'features'."""
        space, source = self.raw.get_data_specs()
        return self._with(space, source, self.transformer.get_output_space()), source

    def _with(self, space: Space, source: Any, features: Space) -> Space:
        if isinstance(space, CompositeSpace):
            pairs = zip(space.components, source, strict=True)
            return CompositeSpace([self._with(part, its, features) for part, its in pairs])
        return features if source == "features" else space

    def get_num_examples(self) -> int | float:
        """As many as the raw dataset has."""
        examples: int | float = self.raw.get_num_examples()
        return examples

    def has_targets(self) -> bool:
        """Whether the raw dataset has targets."""
        return bool(self.raw.has_targets())

    def iterator(
        self,
        mode: Any = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> TransformerIterator:
        """An iterator over one epoch's batches; of features alone without data_specs."""
        output = self.transformer.get_output_space()
        specs = (output, "features") if data_specs is None else data_specs
        mapping = DataSpecsMapping(specs)
        spaces = [self._raw_space(space, source) for space, source in mapping.unique]
        raw_specs = (CompositeSpace(spaces), tuple(source for _, source in mapping.unique))
        raw = self.raw.iterator(mode, batch_size, num_batches, rng, raw_specs, True)
        return TransformerIterator(raw, self, specs, return_tuple)

    def _raw_space(self, space: Space, source: str) -> Space:
        if source != "features":
            return space
        wanted: Space = self.transformer.get_input_space()
        return wanted


class TransformerIterator:
    """Transforms what a raw iterator yields, and converts it to the space asked for."""

    def __init__(
        self,
        raw_iterator: Any,
        transformer_dataset: TransformerDataset,
        data_specs: DataSpecs,
        return_tuple: bool = False,
    ) -> None:
        self.raw_iterator = self._raw = raw_iterator
        self.transformer_dataset = transformer_dataset
        self._transformer = transformer_dataset.transformer
        self._mapping = DataSpecsMapping(data_specs)
        self._return_tuple = return_tuple
        self.batch_size = raw_iterator.batch_size
        self.num_batches = raw_iterator.num_batches
        self.num_examples = raw_iterator.num_examples
        self.stochastic = raw_iterator.stochastic
        self.uneven = raw_iterator.uneven

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        # Two (space, 'features') pairs are one raw pair: their input space is the same.
        raw = dict(zip(self._raw_keys(), next(self._raw), strict=True))
        flat = tuple(self._part(space, source, raw) for space, source in self._mapping.unique)
        return flat if self._return_tuple else self._mapping.nest(flat)

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last."""
        return self.__next__()

    def _raw_keys(self) -> list[Any]:
        keys = [_raw_key(space, source) for space, source in self._mapping.unique]
        return list(dict.fromkeys(keys))

    def _part(self, space: Space, source: str, raw: dict[Any, Any]) -> Any:
        batch = raw[_raw_key(space, source)]
        if source != "features":
            return batch
        transformed = self._transformer.perform(batch)
        return self._transformer.get_output_space().np_format_as(transformed, space)


def _raw_key(space: Space, source: str) -> Any:
    return source if source == "features" else (space, source)
