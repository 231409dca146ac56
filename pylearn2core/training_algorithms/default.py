"""Training by a model's own method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.costs.cost import Cost, NullDataSpecsMixin
from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.batch_algorithm import BatchAlgorithm

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import ModelLike
    from pylearn2core.termination_criteria.criterion import TerminationCriterion
    from pylearn2core.types import Symbol


class DefaultTrainingAlgorithm(BatchAlgorithm):
    """Calls `model.train_batch(dataset, batch_size)`, batches_per_iter times an epoch.

    An epoch ends early, and training with it, where train_batch returns false.
    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets; the channels are
        the model's own.    monitoring_batches: all if None or -1.
    set_batch_size: tell the model the batch size that is given here.
    """

    def __init__(
        self,
        batch_size: int | None = None,
        batches_per_iter: int = 1000,
        monitoring_batch_size: int | None = None,
        monitoring_batches: int | None = -1,
        monitoring_dataset: Datasets | None = None,
        termination_criterion: TerminationCriterion | None = None,
        set_batch_size: bool = False,
    ) -> None:
        if batches_per_iter < 1:
            raise ConfigError(f"batches_per_iter: must be 1 or more, got {batches_per_iter}.")
        self.batch_size = batch_size
        self.batches_per_iter: int = batches_per_iter
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = None if monitoring_batches == -1 else monitoring_batches
        self.monitoring_dataset = monitoring_dataset
        self.termination_criterion = termination_criterion
        self.set_batch_size = set_batch_size
        self._model_goes_on = True

    def setup(self, model: Model, dataset: Dataset) -> None:
        """Build the channels."""
        super().setup(model, dataset)
        if self.batch_size is None:
            raise ConfigError(
                "batch_size: DefaultTrainingAlgorithm needs one, or a model with force_batch_size."
            )
        self._check_monitoring()
        self.monitor.setup(
            dataset=self.monitoring_dataset,
            cost=_NoCost(),
            batch_size=self.monitoring_batch_size or self.batch_size,
            num_batches=self.monitoring_batches,
        )

    def train(self, dataset: Dataset) -> None:
        """Train one epoch."""
        assert self.batch_size is not None
        for _ in range(self.batches_per_iter):
            goes_on = self.model.train_batch(dataset, self.batch_size)
            self.model.monitor.report_batch(self.batch_size)
            if not isinstance(goes_on, bool | int):
                raise ConfigError(
                    f"{type(self.model).__name__}.train_batch has to return whether to go on, "
                    f"true or false; it returned {goes_on!r}."
                )
            if not goes_on:
                self._model_goes_on = False
                return

    def continue_learning(self, model: Model) -> bool:
        """Whether the model and the criterion go on."""
        return self._model_goes_on and super().continue_learning(model)


class _NoCost(NullDataSpecsMixin, Cost):
    """The model trains itself: there is no objective to show."""

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """None."""
        return
