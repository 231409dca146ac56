"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.engine import (
    Bound,
    Order,
    Step,
    TrainPass,
    default_updates,
    shared_of,
    waiting,
)
from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.training_algorithms.batch_schedules import (
    AnnealedLearningRate,
    ExponentialDecay,
    LinearDecay,
)
from pylearn2core.training_algorithms.gradient_algorithm import GradientAlgorithm
from pylearn2core.training_algorithms.learning_rule import MomentumAdjustor
from pylearn2core.training_algorithms.patience import PatienceBasedTermCrit
from pylearn2core.training_algorithms.polyak import PolyakAveraging
from pylearn2core.training_algorithms.schedules import (
    LinearDecayOverEpoch,
    MonitorBasedLRAdjuster,
    OneOverEpoch,
)
from pylearn2core.training_algorithms.waiting_gradients import gradients_may_wait
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.termination_criteria.criterion import TerminationCriterion
    from pylearn2core.training_algorithms.learning_rule.base import LearningRule
    from pylearn2core.types import Seed, Symbol

__all__ = [
    "SGD",
    "AnnealedLearningRate",
    "ExponentialDecay",
    "LinearDecay",
    "LinearDecayOverEpoch",
    "MomentumAdjustor",
    "MonitorBasedLRAdjuster",
    "OneOverEpoch",
    "PatienceBasedTermCrit",
    "PolyakAveraging",
]

SEED = (2012, 10, 5)


class SGD(GradientAlgorithm):
    """Gradient descent on minibatches.

    learning_rate: step size, kept in a shared variable of that name.
    cost: the model's own default cost if None.
    batch_size: rows a batch; the model's `force_batch_size`, then the iterator decides if None.
    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets.
    monitoring_batch_size, monitoring_batches: as in training if neither is given.
    train_iteration_mode: `shuffled_sequential` if None.
    batches_per_iter: batches an epoch; all of the dataset if None.
    update_callbacks: each has `step_updates(algorithm, updates)`, which gives more updates for the
        step (symbolic, so that an epoch stays one program), or is called with this object after
        each batch, or both.
    learning_rule: plain steps if None.
    seed: of the order of the batches; one generator for the whole run.
    """

    def __init__(
        self,
        learning_rate: float,
        cost: Cost | None = None,
        batch_size: int | None = None,
        monitoring_batch_size: int | None = None,
        monitoring_batches: int | None = None,
        monitoring_dataset: Datasets | None = None,
        monitor_iteration_mode: str = "sequential",
        termination_criterion: TerminationCriterion | None = None,
        update_callbacks: Any = None,
        learning_rule: LearningRule | None = None,
        set_batch_size: bool = False,
        train_iteration_mode: str | None = None,
        batches_per_iter: int | None = None,
        theano_function_mode: Any = None,
        monitoring_costs: Mapping[str, Any] | None = None,
        seed: Seed = SEED,
    ) -> None:
        self.learning_rate = sharedX(_number(learning_rate, "learning_rate"), "learning_rate")
        super().__init__(
            cost,
            batch_size=batch_size,
            batches_per_iter=batches_per_iter,
            monitoring_batch_size=monitoring_batch_size,
            monitoring_batches=monitoring_batches,
            monitoring_dataset=monitoring_dataset,
            termination_criterion=termination_criterion,
            set_batch_size=set_batch_size,
            theano_function_mode=theano_function_mode,
        )
        self.monitor_iteration_mode = monitor_iteration_mode
        self.monitoring_costs = monitoring_costs
        self.update_callbacks = _callbacks(update_callbacks)
        self.learning_rule = learning_rule
        self.train_iteration_mode = train_iteration_mode or "shuffled_sequential"
        self.rng = np.random.RandomState(list(seed) if isinstance(seed, tuple) else seed)
        self._graph: Step | None = None
        # The step's program, and the callbacks that it was made for.
        self._step: tuple[Bound, list[Any]] | None = None
        self._began = False

    # -------------------------------------------------------------- setting up
    def setup(self, model: Model, dataset: Dataset) -> None:
        """Build the step's graph and the channels."""
        super().setup(model, dataset)
        fixed_vars = self._take_data(self.train_iteration_mode)
        self._setup_monitor()
        updates = self._updates(self._inputs.nested, fixed_vars)
        self._graph = Step(self._inputs.groups, updates, ())
        self.params = list(model.get_params())

    def _setup_monitor(self) -> None:
        own = {"learning_rate": self.learning_rate}
        self._add_channels(own, self.monitoring_costs, self.monitor_iteration_mode)
        if self.monitoring_dataset is not None and self.learning_rule is not None:
            self.learning_rule.add_channels_to_monitor(self.monitor, self._first_dataset())

    def _updates(self, nested: Symbol, fixed_vars: dict[str, Any]) -> Any:
        """What one batch changes: parameters, the rule's state, the cost's own state."""
        model = self.model
        with waiting(gradients_may_wait(self.cost, self.learning_rule)):
            grads, updates = self.cost.get_gradients(model, nested, **fixed_vars)
        scalers = model.get_lr_scalers()
        if self.learning_rule is not None:
            stepped: Mapping[Symbol, Symbol] = self.learning_rule.get_updates(
                self.learning_rate, grads, scalers
            )
        else:
            stepped = {
                param: param - self.learning_rate * scalers.get(param, 1.0) * grad
                for param, grad in grads.items()
            }
        updates.update(stepped)
        model.modify_updates(updates)
        updates.update(default_updates(updates.values(), updates))
        return updates

    def _whole_step(self) -> Step:
        """The step with what the update callbacks add to it."""
        assert self._graph is not None
        updates = dict(self._graph.updates)
        given: dict[Any, str] = {}
        for callback in self.update_callbacks:
            if not hasattr(callback, "step_updates"):
                continue
            more = callback.step_updates(self, updates) or {}
            name = type(callback).__name__
            for variable in more:
                if variable in given:
                    raise ConfigError(
                        f"update_callbacks: {given[variable]} and {name} both set "
                        f"{variable.name or variable}. Keep one of them."
                    )
                given[variable] = name
            updates.update(more)
        return Step(self._graph.inputs, updates, ())

    def shared_state(self) -> list[Symbol]:
        """The shared variables that a step uses, those that it updates first."""
        return list(shared_of(self._whole_step()))

    # -------------------------------------------------------------- training
    def passes(self, dataset: Dataset) -> Generator[TrainPass, Any, None]:
        """Request the passes of one epoch.

        Raises NonFiniteError (a RuntimeError) when a parameter is NaN or infinite after it, or
        before the first.
        """
        if self._graph is None:
            raise RuntimeError("SGD.train was called before SGD.setup(model, dataset).")
        if not self._began:
            self._refuse_non_finite_start()
            self._began = True
        data = self._inputs.resident(dataset)
        if data is None or any(map(callable, self.update_callbacks)) or self._on_load_batch:
            finite = yield from self._batch_by_batch(dataset)
        else:
            order = self._epoch.order(dataset)
            finite = yield self._pass(data, order)
            self.monitor.report_batches(len(order.sizes), order.rows)
        self._refuse_non_finite(finite)

    def _batch_by_batch(self, dataset: Dataset) -> Generator[TrainPass, Any, Any]:
        """An epoch of a dataset that can only be iterated, or with Python to run at each batch."""
        finite = None
        for batch in self._epoch.batches(dataset, self._inputs):
            self._load(batch)
            finite = yield self._pass(batch.data, batch.order)
            self._after_batch(batch.rows)
        return finite

    def _pass(self, data: Any, order: Order) -> TrainPass:
        # Extensions add callbacks when they are set up, or later.
        if self._step is None or self._step[1] != self.update_callbacks:
            self._step = Bound(self._whole_step()), list(self.update_callbacks)
        return TrainPass(self._step[0], data, order)

    def _after_batch(self, rows: int) -> None:
        self.monitor.report_batch(rows)
        for callback in filter(callable, self.update_callbacks):
            callback(self)

    # -------------------------------------------------------------- faults
    def _refuse_non_finite(self, finite: Any) -> None:
        """Raise for the first parameter that the last pass left with NaN or infinity in it.

        Neither ever leaves a parameter that a gradient step has put it in, so the last batch's
        flags speak for the epoch.
        """
        if self._step is None or finite is None:
            return
        flags = dict(zip(self._step[0].updated, finite, strict=True))
        for param in self.params:
            if not flags.get(param, True):
                self._raise_non_finite(param, "after")

    def _refuse_non_finite_start(self) -> None:
        for param in self.params:
            if not np.isfinite(param.get_value(borrow=True)).all():
                self._raise_non_finite(param, "before")

    def _raise_non_finite(self, param: Symbol, when: str) -> None:
        epoch = self.monitor.get_epochs_seen() + 1
        kind = "NaN" if np.isnan(param.get_value(borrow=True)).any() else "infinity"
        channels = [
            f"{name} = {channel.val_record[-1]:g}"
            for name, channel in self.monitor.channels.items()
            if name.endswith("objective") and channel.val_record
        ]
        last = f" The last record had {', '.join(channels)}." if channels else ""
        raise NonFiniteError(
            f"{kind} in parameter {param.name or param!s} {when} epoch {epoch}.{last} "
            "A smaller learning rate, or a bound such as max_col_norm, often helps."
        )


def _number(value: Any, name: str) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: expected a number, got {value!r}.") from None


def _callbacks(value: Any) -> list[Any]:
    """One callback, several or none as a list."""
    if value is None:
        return []
    callbacks = list(value) if isinstance(value, Sequence) else [value]
    for callback in callbacks:
        if not (callable(callback) or hasattr(callback, "step_updates")):
            raise ConfigError(
                f"update_callbacks: {callback!r} can't be called with the algorithm, nor has it "
                "step_updates. Give ExponentialDecay or the like, or a function."
            )
    return callbacks
