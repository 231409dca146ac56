"""What SGD and BGD share: a cost, its data, the channels of an epoch of batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.costs.cost import SumOfCosts
from pylearn2core.engine import Measure, TrainPass, run
from pylearn2core.training_algorithms.batch_algorithm import BatchAlgorithm, checked_size
from pylearn2core.training_algorithms.batches import Batch, EpochBatches, Inputs

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.termination_criteria.criterion import TerminationCriterion

Passes = Generator[TrainPass | Measure, Any, Any]


class GradientAlgorithm(BatchAlgorithm):
    """Goes by the gradients of a cost on the batches of an epoch.

    The arguments are what all such algorithms take.
    cost: a list of costs is their sum; None for the model's own default cost.
    """

    cost: Cost  # may be None until `setup`
    rng: np.random.RandomState

    def __init__(
        self,
        cost: Cost | Sequence[Any] | None,
        *,
        batch_size: int | None,
        batches_per_iter: int | None,
        monitoring_batch_size: int | None,
        monitoring_batches: int | None,
        monitoring_dataset: Datasets | None,
        termination_criterion: TerminationCriterion | None,
        set_batch_size: bool,
        theano_function_mode: Any,
    ) -> None:
        self.cost = _sum_of(cost)
        self.batch_size = checked_size(batch_size, "batch_size")
        self.batches_per_iter = batches_per_iter
        self.monitoring_batch_size = checked_size(monitoring_batch_size, "monitoring_batch_size")
        self.monitoring_batches = monitoring_batches
        self._set_monitoring_dataset(monitoring_dataset)
        self.termination_criterion = termination_criterion
        self.set_batch_size = set_batch_size
        self.theano_function_mode = theano_function_mode

    # -------------------------------------------------------------- setting up
    def setup(self, model: Model, dataset: Dataset) -> None:
        """Settle the cost and the batch size, and find the monitor."""
        self.cost = self.cost if self.cost is not None else model.get_default_cost()
        super().setup(model, dataset)

    def _take_data(self, mode: str) -> dict[str, Any]:
        """Note the data that the cost asks for; return the variables that a batch fixes.

        mode: the iteration scheme of an epoch.
        """
        self._inputs = Inputs(self.cost, self.model)
        fixed = self.cost.get_fixed_var_descr(self.model, self._inputs.nested)
        self._on_load_batch = list(fixed.on_load_batch)
        self._fixed = dict(fixed.fixed_vars), tuple(fixed.on_load_batch)
        self._epoch = EpochBatches(mode, self.batch_size, self.batches_per_iter, self.rng)
        return dict(fixed.fixed_vars)

    def _add_channels(
        self,
        own: Mapping[str, Any],
        extra_costs: Mapping[str, Any] | None = None,
        mode: str = "sequential",
    ) -> None:
        """Add the cost's channels on every monitoring dataset, and its own on the first.

        own: name to a scalar of the algorithm.    extra_costs: monitored beside the cost.
        """
        self._check_monitoring()
        if self.monitoring_dataset is None:
            return
        batch_size, batches = self._batches_to_monitor()
        fixed_vars, prereqs = self._fixed
        self.monitor.setup(
            dataset=self.monitoring_dataset,
            cost=self.cost,
            batch_size=batch_size,
            num_batches=batches,
            extra_costs=extra_costs,
            mode=mode,
            obj_prereqs=prereqs,
            cost_monitoring_args=fixed_vars,
        )
        for name, value in own.items():
            self.monitor.add_channel(name, None, value, self._first_dataset())

    # -------------------------------------------------------------- training
    def train(self, dataset: Dataset) -> None:
        """Train one epoch."""
        for _ in run(self.passes(dataset)):
            pass

    @abstractmethod
    def passes(self, dataset: Dataset) -> Passes:
        """Request the passes of one epoch."""

    def _load(self, batch: Batch) -> None:
        """Let the cost's variables that a batch fixes hear of the batch."""
        for callback in self._on_load_batch:
            callback(*batch.host)


def _sum_of(cost: Cost | Sequence[Any] | None) -> Any:
    """A list of costs is their sum."""
    return SumOfCosts(list(cost)) if isinstance(cost, list | tuple) else cost
