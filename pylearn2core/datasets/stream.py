"""Datasets without an end: examples are drawn as they are needed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.datasets.dataset import Dataset
from pylearn2core.errors import ConfigError
from pylearn2core.rng import make_np_rng
from pylearn2core.space import Conv2DSpace, Space
from pylearn2core.utils.data_specs import DataSpecs, DataSpecsMapping
from pylearn2core.utils.iteration import SubsetIterator, resolve_iterator_class

if TYPE_CHECKING:
    from pylearn2core.types import Array, SeedOrRng

Examples = Callable[[np.random.RandomState], Iterator[Any]]


class StreamDataset(Dataset):
    """Endless examples.

    examples: called with a generator of random numbers at the start of an epoch; gives an iterator
        over examples: an array without a batch axis, or a tuple of them, one for each source.
    space, source: of a batch of examples; source may be a tuple of names, space composite then.
    seed: of the random numbers of schemes that draw none, so that each epoch and each monitoring
        pass of theirs sees the same examples.

    An epoch is num_batches batches of batch_size: in SGD, batches_per_iter of batch_size. SGD's own
    scheme is a stochastic one: its epochs go on in one sequence of random numbers.
    """

    def __init__(
        self, examples: Examples, space: Space, source: Any = "features", seed: Any = (17, 2, 946)
    ) -> None:
        if not callable(examples):
            raise ConfigError(
                f"examples must be callable: a function of a random generator that gives an "
                f"iterator over examples; got {type(examples).__name__}"
            )
        self.examples = examples
        self.data_specs: DataSpecs = (space, tuple(source) if _is_list(source) else source)
        self.seed = list(seed) if _is_list(seed) else seed
        self._mapping = DataSpecsMapping(self.data_specs)
        for own, name in self._mapping.unique:
            if isinstance(own, Conv2DSpace) and own.get_batch_axis() != 0:
                raise ConfigError(f"source {name!r}: the batch axis must come first, got {own}")

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of a batch."""
        return self.data_specs

    def get_num_examples(self) -> float:
        """Infinity."""
        return math.inf

    def has_targets(self) -> bool:
        """Whether one of the sources is 'targets'."""
        return any(name == "targets" for _, name in self._mapping.unique)

    def iterator(
        self,
        mode: str | type[SubsetIterator] | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: SeedOrRng | None = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> StreamIterator:
        """An iterator over one epoch's batches; of all sources without data_specs.

        Every scheme takes the examples as they come. A stochastic one draws them with `rng`, the
        others with the dataset's own seed.
        """
        if batch_size is None or num_batches is None:
            raise ConfigError(
                "an endless dataset needs to be told how much an epoch is: give batch_size and "
                "batches_per_iter in SGD, monitoring_batch_size and monitoring_batches for "
                "monitoring, batch_size and num_batches otherwise"
            )
        stochastic = resolve_iterator_class(mode or "sequential").stochastic
        numbers = make_np_rng(rng if stochastic else None, self.seed)
        specs = self.data_specs if data_specs is None else data_specs
        readers = [self._reader(space, name) for space, name in DataSpecsMapping(specs).unique]
        batches = self._batches(self.examples(numbers), int(batch_size), int(num_batches))
        return StreamIterator(
            (tuple(read(batch) for read in readers) for batch in batches),
            DataSpecsMapping(specs),
            return_tuple,
            (int(batch_size), int(num_batches), stochastic),
        )

    def _batches(
        self, examples: Iterator[Any], batch_size: int, num_batches: int
    ) -> Iterator[tuple[Any, ...]]:
        """The arrays of each batch, one for each of the dataset's own sources."""
        for batch in range(num_batches):
            drawn = list(itertools.islice(examples, batch_size))
            if len(drawn) < batch_size:
                raise ConfigError(
                    f"the stream ended in batch {batch + 1} of {num_batches}, after {len(drawn)} "
                    f"of {batch_size} examples: `examples` must give an iterator without an end"
                )
            flat = [self._mapping.flatten(example, return_tuple=True) for example in drawn]
            yield tuple(np.stack(parts) for parts in zip(*flat, strict=True))

    def _reader(self, space: Space, name: str) -> Callable[[tuple[Any, ...]], Any]:
        """From the arrays of a batch to one source, in the space asked for."""
        for place, (own, own_name) in enumerate(self._mapping.unique):
            if own_name == name:
                return lambda batch: own.np_format_as(batch[place], space)
        has = ", ".join(repr(own_name) for _, own_name in self._mapping.unique)
        raise ValueError(f"the dataset has no source {name!r}; it has {has}")


class StreamIterator:
    """Yields batches in the spaces that were asked for.

    sizes: (batch_size, num_batches, stochastic).
    """

    uneven = False

    def __init__(
        self,
        batches: Iterator[tuple[Any, ...]],
        mapping: DataSpecsMapping,
        return_tuple: bool,
        sizes: tuple[int, int, bool],
    ) -> None:
        self._batches = batches
        self._mapping = mapping
        self._return_tuple = return_tuple
        self.batch_size, self.num_batches, self.stochastic = sizes
        self.num_examples = self.batch_size * self.num_batches

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        flat = next(self._batches)
        return flat if self._return_tuple else self._mapping.nest(flat)

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last."""
        return self.__next__()


class RandomPatches:
    """Patches from random places of random images; an image is drawn as often as any other.

    images: arrays of shape (rows, columns) or (rows, columns, channels), of any sizes.
    patch_shape: (rows, columns).    flatten: vectors, row by row, in place of images.
    """

    def __init__(self, images: Sequence[Any], patch_shape: Any, flatten: bool = False) -> None:
        self.patch_shape = tuple(int(size) for size in patch_shape)
        self.images = [_with_channels(np.asarray(image)) for image in images]
        self.flatten = flatten
        for number, image in enumerate(self.images):
            if any(p > size for p, size in zip(self.patch_shape, image.shape, strict=False)):
                raise ConfigError(
                    f"image {number} is {image.shape[0]} x {image.shape[1]}, smaller than a patch "
                    f"of {' x '.join(map(str, self.patch_shape))}"
                )

    def __call__(self, rng: np.random.RandomState) -> Iterator[Any]:
        """Patches without an end."""
        rows, columns = self.patch_shape
        while True:
            image = self.images[rng.randint(len(self.images))]
            top = rng.randint(image.shape[0] - rows + 1)
            left = rng.randint(image.shape[1] - columns + 1)
            patch = image[top : top + rows, left : left + columns]
            yield patch.ravel() if self.flatten else patch


def _with_channels(image: Array) -> Array:
    return image if image.ndim == 3 else image[:, :, None]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
