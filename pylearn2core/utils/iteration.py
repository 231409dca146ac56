"""Iteration schemes: which examples make up each batch of an epoch, and in what order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylearn2core.errors import ConfigError
from pylearn2core.rng import make_np_rng
from pylearn2core.utils.data_specs import DataSpecs, DataSpecsMapping
from pylearn2core.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pylearn2core.protocols import DatasetLike
    from pylearn2core.space import Space
    from pylearn2core.types import SeedOrRng


class SubsetIterator:
    """Yields the examples of each batch, as a slice or an array of indices.

    dataset_size: number of examples.    rng: a generator, a seed, or None.
    Attributes: batch_size and num_batches as resolved; num_examples that an epoch visits.
    """

    fancy: ClassVar[bool] = False  # yields index arrays rather than slices
    stochastic: ClassVar[bool] = False
    uniform_batch_size: ClassVar[bool] = False  # never yields a shorter batch
    name: ClassVar[str] = ""

    def __init__(
        self,
        dataset_size: int,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
    ) -> None:
        self._dataset_size = int(dataset_size)
        self._rng = self._make_rng(rng)
        self.batch_size, self.num_batches = self._resolve(
            _positive(batch_size, "batch_size"), _positive(num_batches, "num_batches")
        )
        self._batches = self._start()
        self._left = self.num_batches

    @property
    def num_examples(self) -> int:
        """Number of examples that an epoch visits."""
        return min(self.batch_size * self.num_batches, self._dataset_size)

    @property
    def uneven(self) -> bool:
        """Whether the batches differ in size."""
        return not self.uniform_batch_size and self.num_examples % self.batch_size != 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return next(self._batches)

    def next(self) -> Any:
        """The next batch's examples; raises StopIteration after the last."""
        return self.__next__()

    def whole(self) -> Any:
        """All rows of an epoch where each batch is the next `batch_size` of them; else None.

        For who wants all batches at once; nobody who asks iterates as well.
        """
        return None

    def _make_rng(self, rng: SeedOrRng | None) -> np.random.RandomState | None:
        if rng is not None:
            raise ValueError(f"{self.name} iteration draws nothing at random: leave rng out")
        return None

    def _resolve(self, batch_size: int | None, num_batches: int | None) -> tuple[int, int]:
        """The batch size and number of batches where one or both may be None."""
        n = self._dataset_size
        if batch_size is None:
            if num_batches is None:
                raise ValueError(f"{self.name} iteration needs batch_size, num_batches or both")
            batch_size = max(1, self._divide(n, num_batches))
        available = self._divide(n, batch_size)
        if num_batches is None:
            num_batches = available
        if num_batches > available:
            raise ValueError(
                f"{self.name} iteration with batch_size {batch_size} gives {available} batches "
                f"of {n} examples, but num_batches is {num_batches}; lower one of the two"
            )
        return batch_size, num_batches

    def _divide(self, total: int, part: int) -> int:
        """Number of batches: short ones count, except in the even schemes."""
        return total // part if self.uniform_batch_size else math.ceil(total / part)

    def _start(self) -> Iterator[Any]:
        """Draw what is drawn once an epoch, and return an iterator over at least its batches."""
        return (self._slice(batch) for batch in range(self.num_batches))

    def _slice(self, batch: int) -> slice:
        start = batch * self.batch_size
        return slice(start, min(start + self.batch_size, self._dataset_size))


class _Stochastic(SubsetIterator):
    stochastic = True

    def _make_rng(self, rng: SeedOrRng | None) -> np.random.RandomState | None:
        return make_np_rng(rng, which_method=["random_integers", "shuffle"])

    @property
    def _generator(self) -> np.random.RandomState:
        assert self._rng is not None
        return self._rng


class SequentialSubsetIterator(SubsetIterator):
    """The examples in order; the last batch may be short."""

    name = "sequential"


class ShuffledSequentialSubsetIterator(_Stochastic):
    """All examples in one random order; the last batch may be short."""

    name = "shuffled_sequential"
    fancy = True

    def _start(self) -> Iterator[Any]:
        order = self._order = np.arange(self._dataset_size)
        self._generator.shuffle(order)
        return (order[self._slice(batch)] for batch in range(self.num_batches))

    def whole(self) -> Any:
        """All rows of an epoch, shuffled; None for a user's subclass, with batches of its own."""
        is_ours = type(self).__module__ == __name__
        return self._order[: self.num_examples] if is_ours else None


class BatchwiseShuffledSequentialIterator(_Stochastic):
    """Runs of consecutive examples, the runs in random order; a short one can come anywhere."""

    name = "batchwise_shuffled_sequential"

    def _start(self) -> Iterator[Any]:
        order = list(range(self.num_batches))
        self._generator.shuffle(order)
        return (self._slice(batch) for batch in order)


class _WithReplacement(_Stochastic):
    uniform_batch_size = True

    def _resolve(self, batch_size: int | None, num_batches: int | None) -> tuple[int, int]:
        for value, name in ((batch_size, "batch_size"), (num_batches, "num_batches")):
            if value is None:
                raise ValueError(f"{self.name} iteration needs both sizes: give {name} too")
        assert batch_size is not None
        assert num_batches is not None
        if batch_size > self._dataset_size:
            raise ValueError(
                f"{self.name} iteration: batch_size {batch_size} is larger than the dataset's "
                f"{self._dataset_size} examples"
            )
        return batch_size, num_batches

    @property
    def num_examples(self) -> int:
        """Number of examples that an epoch visits, repeated ones counted again."""
        return self.batch_size * self.num_batches


class RandomSliceSubsetIterator(_WithReplacement):
    """Each batch is a run of consecutive examples that starts anywhere."""

    name = "random_slice"

    def _start(self) -> Iterator[Any]:
        highest = self._dataset_size - self.batch_size + 1
        while True:
            start = int(self._generator.randint(0, highest))
            yield slice(start, start + self.batch_size)


class RandomUniformSubsetIterator(_WithReplacement):
    """Each example of each batch is drawn from all of them."""

    name = "random_uniform"
    fancy = True

    def _start(self) -> Iterator[Any]:
        while True:
            yield self._generator.randint(0, self._dataset_size, size=self.batch_size)


class EvenSequentialSubsetIterator(SequentialSubsetIterator):
    """`sequential` without the short batch."""

    name = "even_sequential"
    uniform_batch_size = True


class EvenShuffledSequentialSubsetIterator(ShuffledSequentialSubsetIterator):
    """`shuffled_sequential` without the short batch; all examples are shuffled."""

    name = "even_shuffled_sequential"
    uniform_batch_size = True


class EvenBatchwiseShuffledSequentialIterator(BatchwiseShuffledSequentialIterator):
    """`batchwise_shuffled_sequential` without the short batch."""

    name = "even_batchwise_shuffled_sequential"
    uniform_batch_size = True


_SCHEMES: dict[str, type[SubsetIterator]] = {
    scheme.name: scheme
    for scheme in (
        SequentialSubsetIterator,
        ShuffledSequentialSubsetIterator,
        RandomSliceSubsetIterator,
        RandomUniformSubsetIterator,
        BatchwiseShuffledSequentialIterator,
        EvenSequentialSubsetIterator,
        EvenShuffledSequentialSubsetIterator,
        EvenBatchwiseShuffledSequentialIterator,
    )
}


def resolve_iterator_class(mode: str | type[SubsetIterator]) -> type[SubsetIterator]:
    """The scheme of a name, or the scheme itself. Raises ConfigError for an unknown one."""
    if isinstance(mode, type) and issubclass(mode, SubsetIterator):
        return mode
    found = _SCHEMES.get(mode) if isinstance(mode, str) else None
    if found is None:
        hint = did_you_mean(mode, _SCHEMES, "sentence")
        raise ConfigError(
            f"there is no iteration mode {mode!r}.{hint} The modes are {', '.join(_SCHEMES)}."
        )
    return found


def is_stochastic(mode: str | type[SubsetIterator]) -> bool:
    """Whether a scheme draws random numbers."""
    return resolve_iterator_class(mode).stochastic


def has_uniform_batch_size(mode: str | type[SubsetIterator]) -> bool:
    """Whether all batches of a scheme are of one size for every number of examples."""
    return resolve_iterator_class(mode).uniform_batch_size


class FiniteDatasetIterator:
    """Yields a dataset's batches as NumPy arrays in the spaces that were asked for.

    dataset: has get_data() and get_data_specs().    subset_iterator: says which examples.
    data_specs: what to yield, nested as the batches are to be; None: all that the dataset has.
    return_tuple: yield a flat tuple even of one source.
    convert: a function for each different (space, source) pair of data_specs, or None where the
        dataset's own space converts; it takes raw examples and returns them in the asked space.
    """

    def __init__(
        self,
        dataset: DatasetLike,
        subset_iterator: SubsetIterator,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
        convert: Sequence[Callable[[Any], Any] | None] | None = None,
    ) -> None:
        self._subset_iterator = subset_iterator
        specs = dataset.get_data_specs() if data_specs is None else data_specs
        self._mapping = DataSpecsMapping(specs)
        self._return_tuple = return_tuple
        self._readers = _readers(dataset, self._mapping.unique, convert)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        index = next(self._subset_iterator)
        flat = tuple(read(index) for read in self._readers)
        return flat if self._return_tuple else self._mapping.nest(flat)

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last."""
        return self.__next__()

    @property
    def batch_size(self) -> int:
        """Number of examples in a full batch."""
        return self._subset_iterator.batch_size

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        return self._subset_iterator.num_batches

    @property
    def num_examples(self) -> int:
        """Number of examples that an epoch visits."""
        return self._subset_iterator.num_examples

    @property
    def uneven(self) -> bool:
        """Whether the batches differ in size."""
        return self._subset_iterator.uneven

    @property
    def stochastic(self) -> bool:
        """Whether the order is random."""
        return self._subset_iterator.stochastic


def _readers(
    dataset: DatasetLike,
    wanted: tuple[tuple[Space, str], ...],
    convert: Sequence[Callable[[Any], Any] | None] | None,
) -> list[Callable[[Any], Any]]:
    """For each wanted (space, source): a function from an index to that batch."""
    sources = sources_of(dataset)
    functions = convert if convert is not None else [None] * len(wanted)
    readers = []
    for (space, source), function in zip(wanted, functions, strict=True):
        if source not in sources:
            raise ValueError(
                f"the dataset has no source {source!r}; it has {', '.join(map(repr, sources))}"
            )
        raw, own = sources[source]
        readers.append(_reader(raw, own, space, function))
    return readers


def _reader(
    raw: Any, own: Space, space: Space, convert: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    if convert is None:
        return lambda index: own.np_format_as(own.np_take(raw, index), space)
    return lambda index: convert(own.np_take(raw, index))


def sources_of(dataset: DatasetLike) -> dict[str, tuple[Any, Space]]:
    """A dataset's raw data and space by source name."""
    mapping = DataSpecsMapping(dataset.get_data_specs())
    raw = mapping.flatten(dataset.get_data(), return_tuple=True)
    pairs = zip(mapping.unique, raw, strict=True)
    return {source: (data, space) for (space, source), data in pairs}


def _positive(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if int(value) != value or value < 1:
        raise ValueError(f"{name} must be a whole number above 0, got {value!r}")
    return int(value)
