"""The batches of an epoch, and the data of a dataset that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.engine import Order, ResidentBatch, host_rows, on_device
from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace, NullSpace
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import resolve_iterator_class

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model


@dataclass(frozen=True, slots=True)
class Minibatch:
    """Rows to train on: those that the one batch of `order` names in `data`, on the device.

    spaces: what each array's rows are in.
    """

    data: tuple[Any, ...]
    order: Order
    spaces: tuple[Any, ...]

    @property
    def host(self) -> tuple[Any, ...]:
        """The batch as host arrays, as the spaces have them."""
        rows = self.order.batches[0]
        return tuple(
            np.moveaxis(host_rows(array, rows), 0, space.get_batch_axis())
            for array, space in zip(self.data, self.spaces, strict=True)
        )

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.order.rows


class Inputs:
    """The data that a cost asks for, each (space, source) once.

    variables: the symbolic batch, one for each source.    nested: the same, as the cost takes it.
    Raises ConfigError where the cost needs no data.
    """

    def __init__(self, cost: Cost, model: Model) -> None:
        specs = cost.get_data_specs(model)
        mapping = DataSpecsMapping(specs)
        self.spaces = tuple(mapping.flatten(specs[0], return_tuple=True))
        self.sources = tuple(mapping.flatten(specs[1], return_tuple=True))
        if not self.sources or isinstance(specs[0], NullSpace):
            raise ConfigError(
                f"cost: {type(cost).__name__} asks for no data, so there is nothing to iterate "
                "over in an epoch. Sum it with a cost that uses the data."
            )
        self.variables = tuple(
            space.make_theano_batch(name=f"train_{source}")
            for space, source in zip(self.spaces, self.sources, strict=True)
        )
        self.nested = mapping.nest(self.variables)
        self._dataset: Any = None
        self._resident: ResidentBatch | None = None

    @property
    def groups(self) -> tuple[tuple[Any, ...], ...]:
        """The variables as `Step` takes them."""
        return tuple((variable,) for variable in self.variables)

    def resident(self, dataset: Dataset) -> tuple[Any, ...] | None:
        """The dataset's whole arrays on the device; None where it can only be iterated."""
        if self._resident is None or dataset is not self._dataset:
            pairs = list(zip(self.spaces, self.sources, strict=True))
            self._resident, self._dataset = ResidentBatch(dataset, pairs), dataset
        return self._resident.arrays()


@dataclass(frozen=True, slots=True)
class EpochBatches:
    """How an epoch goes through a dataset; None where the dataset or the mode decides."""

    mode: str
    batch_size: int | None
    num_batches: int | None
    rng: np.random.RandomState

    def order(self, dataset: Dataset) -> Order:
        """The next epoch's batches of a dataset that holds all its examples."""
        rows = int(dataset.get_num_examples())
        scheme = resolve_iterator_class(self.mode)
        subsets = scheme(rows, self.batch_size, self.num_batches, self._rng())
        whole = subsets.whole()
        return Order.of(subsets, rows) if whole is None else Order.cut(whole, subsets.batch_size)

    def batches(self, dataset: Dataset, inputs: Inputs) -> Iterator[Minibatch]:
        """The next epoch's batches, one by one."""
        data = inputs.resident(dataset)
        if data is None:
            yield from self._stream(dataset, inputs)
            return
        for rows in self.order(dataset).batches:
            yield Minibatch(data, Order((rows,)), inputs.spaces)

    def _stream(self, dataset: Dataset, inputs: Inputs) -> Iterator[Minibatch]:
        iterator = dataset.iterator(
            mode=self.mode,
            batch_size=self.batch_size,
            num_batches=self.num_batches,
            rng=self._rng(),
            data_specs=(CompositeSpace(list(inputs.spaces)), inputs.sources),
            return_tuple=True,
        )
        for arrays in iterator:
            rows = inputs.spaces[0].np_batch_size(arrays[0])
            data = tuple(
                on_device(array, space, space)
                for array, space in zip(arrays, inputs.spaces, strict=True)
            )
            yield Minibatch(data, Order.of([slice(0, rows)], rows), inputs.spaces)

    def _rng(self) -> np.random.RandomState | None:
        return self.rng if resolve_iterator_class(self.mode).stochastic else None
