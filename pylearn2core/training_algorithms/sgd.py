"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from pylearn2core.engine import Bound, Order, Step, TrainPass, on_device, resident_batch, run
from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.monitor import Monitor
from pylearn2core.space import CompositeSpace, NullSpace
from pylearn2core.training_algorithms.training_algorithm import TrainingAlgorithm
from pylearn2core.utils import sharedX
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import resolve_iterator_class

SEED = (2012, 10, 5)


class SGD(TrainingAlgorithm):
    """Gradient descent on minibatches.

    learning_rate: step size, kept in a shared variable of that name.
    cost: the model's own default cost if None.
    batch_size: rows a batch; the model's `force_batch_size`, then the iterator decides if None.
    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets.
    monitoring_batch_size, monitoring_batches: as in training if neither is given.
    train_iteration_mode: `shuffled_sequential` if None.
    batches_per_iter: batches an epoch; all of the dataset if None.
    update_callbacks: called with this object after each batch.
    learning_rule: plain steps if None.
    seed: of the order of the batches; one generator for the whole run.
    """

    def __init__(
        self,
        learning_rate: float,
        cost: Any = None,
        batch_size: int | None = None,
        monitoring_batch_size: int | None = None,
        monitoring_batches: int | None = None,
        monitoring_dataset: Any = None,
        monitor_iteration_mode: str = "sequential",
        termination_criterion: Any = None,
        update_callbacks: Any = None,
        learning_rule: Any = None,
        set_batch_size: bool = False,
        train_iteration_mode: str | None = None,
        batches_per_iter: int | None = None,
        theano_function_mode: Any = None,
        monitoring_costs: Mapping[str, Any] | None = None,
        seed: Any = SEED,
    ) -> None:
        self.learning_rate = sharedX(_number(learning_rate, "learning_rate"), "learning_rate")
        self.cost = _sum_of(cost)
        self.batch_size = batch_size
        self.set_batch_size = set_batch_size
        self.monitoring_dataset = monitoring_dataset
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = monitoring_batches
        self.monitor_iteration_mode = monitor_iteration_mode
        self.monitoring_costs = monitoring_costs
        self.termination_criterion = termination_criterion
        self.update_callbacks = _as_list(update_callbacks)
        self.learning_rule = learning_rule
        self.train_iteration_mode = train_iteration_mode or "shuffled_sequential"
        self.batches_per_iter = batches_per_iter
        self.theano_function_mode = theano_function_mode
        self.rng = np.random.RandomState(list(seed) if isinstance(seed, tuple) else seed)
        self._step: Bound | None = None
        self._began = False

    # -------------------------------------------------------------- setting up
    def setup(self, model: Any, dataset: Any) -> None:
        """Build the step's graph and the channels."""
        self.model = model
        self.cost = self.cost if self.cost is not None else model.get_default_cost()
        self._settle_batch_size(model)
        self.monitor = Monitor.get_monitor(model)
        self._setup_monitor(dataset)
        self._setup_step()
        self.params = list(model.get_params())

    def _settle_batch_size(self, model: Any) -> None:
        forced = getattr(model, "force_batch_size", None) or None
        if forced and self.batch_size and self.batch_size != forced:
            if not self.set_batch_size:
                raise ConfigError(
                    f"batch_size: SGD was given {self.batch_size}, but the model was built for "
                    f"batches of {forced}. Give SGD {forced}, or set_batch_size: 1."
                )
        elif self.batch_size is None:
            self.batch_size = forced
        if self.set_batch_size and self.batch_size is not None:
            model.set_batch_size(self.batch_size)

    def _setup_monitor(self, dataset: Any) -> None:
        if self.monitoring_dataset is None:
            if self.monitoring_batches is not None or self.monitoring_batch_size is not None:
                raise ConfigError(
                    "monitoring_dataset: SGD was given monitoring_batches or "
                    "monitoring_batch_size, but no dataset to monitor on. Name one."
                )
            return
        batch_size, batches = self.monitoring_batch_size, self.monitoring_batches
        if batch_size is None and batches is None:
            batch_size, batches = self.batch_size, self.batches_per_iter
        self.monitor.setup(
            dataset=self.monitoring_dataset,
            cost=self.cost,
            batch_size=batch_size,
            num_batches=batches,
            extra_costs=self.monitoring_costs,
            mode=self.monitor_iteration_mode,
        )
        first = self.monitoring_dataset
        if isinstance(first, Mapping):
            first = next(iter(first.values()))
        self.monitor.add_channel("learning_rate", None, self.learning_rate, first)
        if self.learning_rule is not None:
            self.learning_rule.add_channels_to_monitor(self.monitor, first)

    def _setup_step(self) -> None:
        model, cost = self.model, self.cost
        specs = cost.get_data_specs(model)
        mapping = DataSpecsMapping(specs)
        self._spaces = mapping.flatten(specs[0], return_tuple=True)
        self._sources = mapping.flatten(specs[1], return_tuple=True)
        if not self._sources or isinstance(specs[0], NullSpace):
            raise ConfigError(
                f"cost: {type(cost).__name__} asks for no data, so there is nothing to iterate "
                "over in an epoch. Sum it with a cost that uses the data."
            )
        batch = tuple(
            space.make_theano_batch(name=f"train_{source}")
            for space, source in zip(self._spaces, self._sources, strict=True)
        )
        nested = mapping.nest(batch)
        fixed = cost.get_fixed_var_descr(model, nested)
        self._on_load_batch = list(fixed.on_load_batch)
        updates = self._updates(nested, dict(fixed.fixed_vars))
        self._step = Bound(Step(tuple((variable,) for variable in batch), updates, ()))

    def _updates(self, nested: Any, fixed_vars: dict[str, Any]) -> Any:
        """What one batch changes: parameters, the rule's state, the cost's own state."""
        model = self.model
        grads, updates = self.cost.get_gradients(model, nested, **fixed_vars)
        scalers = model.get_lr_scalers()
        if self.learning_rule is not None:
            stepped = self.learning_rule.get_updates(self.learning_rate, grads, scalers)
        else:
            stepped = {
                param: param - self.learning_rate * scalers.get(param, 1.0) * grad
                for param, grad in grads.items()
            }
        updates.update(stepped)
        model.modify_updates(updates)
        return updates

    # -------------------------------------------------------------- training
    def train(self, dataset: Any) -> None:
        """Train one epoch."""
        for _ in run(self.passes(dataset)):
            pass

    def passes(self, dataset: Any) -> Generator[TrainPass, Any, None]:
        """Request the passes of one epoch.

        Raises NonFiniteError (a RuntimeError) when a parameter is NaN or infinite after it, or
        before the first.
        """
        if not self._began:
            self._refuse_non_finite_start()
            self._began = True
        pairs = list(zip(self._spaces, self._sources, strict=True))
        data = resident_batch(dataset, pairs)
        if data is None:
            finite = yield from self._stream(dataset)
        elif self.update_callbacks or self._on_load_batch:
            finite = yield from self._batch_by_batch(dataset, data)
        else:
            order = self._order(dataset)
            finite = yield self._pass(data, order)
            self.monitor.report_batches(len(order.batches), sum(order.sizes))
        self._refuse_non_finite(finite)

    def _order(self, dataset: Any) -> Order:
        rows = dataset.get_num_examples()
        scheme = resolve_iterator_class(self.train_iteration_mode)
        rng = self.rng if scheme.stochastic else None
        return Order.of(scheme(rows, self.batch_size, self.batches_per_iter, rng), rows)

    def _batch_by_batch(self, dataset: Any, data: Any) -> Generator[TrainPass, Any, Any]:
        """The same epoch for callbacks in Python that must run after every batch."""
        finite = None
        for rows in self._order(dataset).batches:
            for callback in self._on_load_batch:
                callback(*(np.asarray(array)[rows] for array in data))
            finite = yield self._pass(data, Order((rows,)))
            self._after_batch(len(rows))
        return finite

    def _stream(self, dataset: Any) -> Generator[TrainPass, Any, Any]:
        """An epoch of a dataset that can only be iterated."""
        finite = None
        stochastic = resolve_iterator_class(self.train_iteration_mode).stochastic
        iterator = dataset.iterator(
            mode=self.train_iteration_mode,
            batch_size=self.batch_size,
            num_batches=self.batches_per_iter,
            rng=self.rng if stochastic else None,
            data_specs=(CompositeSpace(list(self._spaces)), tuple(self._sources)),
            return_tuple=True,
        )
        for batch in iterator:
            rows = self._spaces[0].np_batch_size(batch[0])
            for callback in self._on_load_batch:
                callback(*batch)
            arrays = zip(batch, self._spaces, strict=True)
            data = tuple(on_device(array, space, space) for array, space in arrays)
            finite = yield self._pass(data, Order.of([slice(0, rows)], rows))
            self._after_batch(rows)
        return finite

    def _pass(self, data: Any, order: Order) -> TrainPass:
        if self._step is None:
            raise RuntimeError("SGD.train was called before SGD.setup(model, dataset).")
        return TrainPass(self._step, data, order)

    def _after_batch(self, rows: int) -> None:
        self.monitor.report_batch(rows)
        for callback in self.update_callbacks:
            callback(self)

    # -------------------------------------------------------------- faults
    def _refuse_non_finite(self, finite: Any) -> None:
        """Raise for the first parameter that the last pass left with NaN or infinity in it.

        Neither ever leaves a parameter that a gradient step has put it in, so the last batch's
        flags speak for the epoch.
        """
        if self._step is None or finite is None:
            return
        flags = dict(zip(self._step.updated, finite, strict=True))
        for param in self.params:
            if not flags.get(param, True):
                self._raise_non_finite(param, "after")

    def _refuse_non_finite_start(self) -> None:
        for param in self.params:
            if not np.isfinite(param.get_value(borrow=True)).all():
                self._raise_non_finite(param, "before")

    def _raise_non_finite(self, param: Any, when: str) -> None:
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


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) else [value]


def _sum_of(cost: Any) -> Any:
    """A list of costs is their sum."""
    if isinstance(cost, list | tuple):
        from pylearn2core.costs.cost import SumOfCosts

        return SumOfCosts(list(cost))
    return cost
