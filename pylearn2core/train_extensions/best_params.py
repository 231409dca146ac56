"""Keeping the best model that training came by."""

from __future__ import annotations

import copy
import math
import socket
from typing import TYPE_CHECKING, Any

from pylearn2core import paths
from pylearn2core.engine import Bound, Order, Step, resident_batch
from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import last_value
from pylearn2core.train_extensions import TrainExtension
from pylearn2core.utils import serial
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import resolve_iterator_class

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


class MonitorBasedSaveBest(TrainExtension):
    """Saves the model each time that a channel reaches a new best value.

    channel_name: the channel.    save_path: the file, or None.
    store_best_model: keep a copy of the best model, as `best_model`.
    start_epoch: nothing is kept before that epoch.
    higher_is_better: true for a channel that should grow.
    tag_key: where in `model.tag` the best value is noted; this class's name if None.
    """

    def __init__(
        self,
        channel_name: str,
        save_path: str | None = None,
        store_best_model: bool = False,
        start_epoch: int = 0,
        higher_is_better: bool = False,
        tag_key: str | None = None,
    ) -> None:
        if save_path is None and not store_best_model:
            raise ConfigError(
                "MonitorBasedSaveBest: give save_path, or set store_best_model to true, or both."
            )
        if save_path is not None:
            serial.check_save_path(save_path)
        self.channel_name = channel_name
        self.save_path = save_path
        self.store_best_model = store_best_model
        self.start_epoch = start_epoch
        self.higher_is_better = higher_is_better
        self.best_cost = -math.inf if higher_is_better else math.inf
        self.best_model: Any = None
        self._tag_key = type(self).__name__ if tag_key is None else tag_key

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Note in `model.tag` what is kept, and where."""
        tag = model.tag[self._tag_key]
        tag["channel_name"] = self.channel_name
        tag["hostname"] = socket.gethostname()
        if self.save_path is not None:
            tag["save_path"] = str(paths.to_write(self.save_path).absolute())
        tag["best_cost"] = self.best_cost

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Keep the model if the channel's newest value is the best one so far."""
        value = last_value(model, self.channel_name, "MonitorBasedSaveBest")
        better = value > self.best_cost if self.higher_is_better else value < self.best_cost
        if not better or model.monitor.get_epochs_seen() < self.start_epoch:
            return
        self.best_cost = value
        model.tag[self._tag_key]["best_cost"] = value
        if self.store_best_model:
            self.best_model = copy.deepcopy(model)
        if self.save_path is not None:
            serial.save(self.save_path, model, on_overwrite="backup")


class KeepBestParams(TrainExtension):
    """Keeps the parameters under which a cost was the lowest on a dataset.

    batch_size: rows a batch in which the cost is measured; its mean is over all rows.
    """

    def __init__(
        self,
        model: Model,
        cost: Cost,
        monitoring_dataset: Dataset,
        batch_size: int,
    ) -> None:
        self.model = model
        self.cost = cost
        self.dataset = monitoring_dataset
        self.batch_size = batch_size
        self.best_cost = math.inf
        self.best_params: list[Symbol] = model.get_param_values()
        self._measure: Any = None

    def on_monitor(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Keep the parameters if the cost is the lowest so far."""
        if self._measure is None:
            self._measure = self._prepare()
        step, data, order = self._measure
        value = float(step.measure([(data, order)])[0, 0])
        if value < self.best_cost:
            self.best_cost = value
            self.best_params = self.model.get_param_values()

    def get_best_params(self) -> list[Any]:
        """The best parameters' values, in the order of the model's get_params."""
        return self.best_params

    def _prepare(self) -> tuple[Any, Any, Any]:
        specs = self.cost.get_data_specs(self.model)
        mapping = DataSpecsMapping(specs)
        spaces = mapping.flatten(specs[0], return_tuple=True)
        sources = mapping.flatten(specs[1], return_tuple=True)
        data = resident_batch(self.dataset, list(zip(spaces, sources, strict=True)))
        if data is None:
            raise ConfigError(
                "KeepBestParams: its dataset must hold all its examples at once, as "
                "DenseDesignMatrix does."
            )
        batch = tuple(space.make_theano_batch() for space in spaces)
        cost = self.cost.expr(self.model, mapping.nest(batch))
        rows = int(self.dataset.get_num_examples())
        scheme = resolve_iterator_class("sequential")
        step = Bound(Step(tuple((variable,) for variable in batch), {}, (cost,)))
        return step, data, Order.of(scheme(rows, self.batch_size, None), rows)

    def __getstate__(self) -> dict[str, Any]:
        # A compiled step can't be pickled; it is made again when next asked for.
        return {**self.__dict__, "_measure": None}
