"""Batch gradient descent: line searches along the gradient, or along conjugate directions."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import clone_replace

from pylearn2core.engine import (
    Bound,
    Measure,
    Order,
    Step,
    TrainPass,
    default_updates,
    run,
    shared_of,
)
from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.monitor import Monitor
from pylearn2core.training_algorithms.batches import (
    Batch,
    Inputs,
    Scheme,
    check_monitoring,
    checked_size,
    first_dataset,
    monitoring_batches,
    settled_batch_size,
    sum_of,
)
from pylearn2core.training_algorithms.line_search import Found, Search, among, exhaustive
from pylearn2core.training_algorithms.training_algorithm import TrainingAlgorithm
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

log = logging.getLogger(__name__)

SEED = (2012, 10, 16)
_STEPS = (0.001, 0.005, 0.01, 0.05, 0.1)
_EXHAUSTIVE_STEPS = (0.5, 1.0)
# The weight of a new value in the running means that are channels.
_WEIGHT = 0.01
_ONE = Order((np.zeros(1, dtype=np.int32),))

Passes = Generator[TrainPass | Measure, Any, Any]


class BGD(TrainingAlgorithm):
    """Line searches on large batches, several on each.

    cost: its value is what a search goes by.
    batch_size: rows a batch; all the examples for true batch gradient descent. The model's
        `force_batch_size` if None.    batches_per_iter: batches an epoch; all if None.
    updates_per_batch: line searches on each batch, at most; -1 for no bound.
    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets.
    monitoring_batch_size, monitoring_batches: as in training if neither is given.
    line_search_mode: None tries a list of step sizes; 'exhaustive' looks around the best one.
    init_alpha: the step sizes to begin with, ascending.
    reset_alpha: begin each batch with these; else with what the batch before left.
    conjugate: nonlinear conjugate gradient (Polak-Ribiere, never negative).
    reset_conjugate: begin each batch with the gradient; else from the last direction.
    min_init_alpha: the exhaustive search begins with no smaller step size.
    scale_step: the share of a batch's change of the parameters that is kept.
    verbose_optimization: log every search.
    seed: of the order of the batches.
    Channels: ave_step_size, ave_grad_size, ave_grad_mult (step size by the gradient's size).
    """

    def __init__(
        self,
        cost: Any,
        batch_size: int | None = None,
        batches_per_iter: int | None = None,
        updates_per_batch: int = 10,
        monitoring_batch_size: int | None = None,
        monitoring_batches: int | None = None,
        monitoring_dataset: Any = None,
        termination_criterion: Any = None,
        set_batch_size: bool = False,
        reset_alpha: bool = True,
        conjugate: bool = False,
        min_init_alpha: float = 0.001,
        reset_conjugate: bool = True,
        line_search_mode: str | None = None,
        verbose_optimization: bool = False,
        scale_step: float = 1.0,
        theano_function_mode: Any = None,
        init_alpha: Sequence[float] | None = None,
        seed: Any = None,
    ) -> None:
        if line_search_mode not in (None, "exhaustive"):
            raise ConfigError(
                f"line_search_mode: expected 'exhaustive' or none, got {line_search_mode!r}."
            )
        self.cost = sum_of(cost)
        self.batch_size = checked_size(batch_size, "batch_size")
        self.batches_per_iter = batches_per_iter
        self.updates_per_batch = updates_per_batch
        self.monitoring_batch_size = checked_size(monitoring_batch_size, "monitoring_batch_size")
        self.monitoring_batches = monitoring_batches
        self.monitoring_dataset = monitoring_dataset
        self.termination_criterion = termination_criterion
        self.set_batch_size = set_batch_size
        self.reset_alpha = reset_alpha
        self.conjugate = conjugate
        self.min_init_alpha = min_init_alpha
        self.reset_conjugate = reset_conjugate
        self.line_search_mode = line_search_mode
        self.verbose_optimization = verbose_optimization
        self.scale_step = scale_step
        self.theano_function_mode = theano_function_mode
        self.first_steps = self._steps_given(init_alpha)
        self.rng = np.random.RandomState(list(SEED if seed is None else np.atleast_1d(seed)))
        self._line: Line | None = None

    def _steps_given(self, init_alpha: Any) -> tuple[float, ...]:
        if init_alpha is None:
            return _STEPS if self.line_search_mode is None else _EXHAUSTIVE_STEPS
        steps = tuple(float(step) for step in init_alpha)
        pairs = zip((0.0, *steps), steps, strict=False)
        if not steps or not all(smaller < larger for smaller, larger in pairs):
            raise ConfigError(
                f"init_alpha: expected step sizes above 0 in ascending order, got {init_alpha!r}."
            )
        return steps

    # -------------------------------------------------------------- setting up
    def setup(self, model: Any, dataset: Any) -> None:
        """Build the graphs and the channels."""
        self.model = model
        self.batch_size = settled_batch_size(self, model)
        self.monitor = Monitor.get_monitor(model)
        self._inputs = Inputs(self.cost, model)
        fixed = self.cost.get_fixed_var_descr(model, self._inputs.nested)
        self._on_load_batch = list(fixed.on_load_batch)
        self._line = Line(model, self.cost, self._inputs, fixed.fixed_vars, self.conjugate)
        self._scheme = Scheme(
            "shuffled_sequential", self.batch_size, self.batches_per_iter, self.rng
        )
        self._setup_monitor(self._line)

    def _setup_monitor(self, line: Line) -> None:
        check_monitoring(self)
        if self.monitoring_dataset is None:
            return
        batch_size, batches = monitoring_batches(self)
        self.monitor.setup(
            dataset=self.monitoring_dataset,
            cost=self.cost,
            batch_size=batch_size,
            num_batches=batches,
        )
        first = first_dataset(self.monitoring_dataset)
        for mean in (line.ave_step_size, line.ave_grad_size, line.ave_grad_mult):
            self.monitor.add_channel(mean.name, None, mean, first)

    def shared_state(self) -> list[Any]:
        """The shared variables that searches use."""
        return [] if self._line is None else self._line.shared_state()

    # -------------------------------------------------------------- training
    def train(self, dataset: Any) -> None:
        """Train one epoch."""
        for _ in run(self.passes(dataset)):
            pass

    def passes(self, dataset: Any) -> Passes:
        """Request the passes of one epoch.

        Raises NonFiniteError (a RuntimeError) where the objective is NaN.
        """
        line = self._line
        if line is None:
            raise RuntimeError("BGD.train was called before BGD.setup(model, dataset).")
        for batch in self._scheme.batches(dataset, self._inputs):
            for callback in self._on_load_batch:
                callback(*batch.host)
            before = self.model.get_param_values() if self.scale_step != 1.0 else None
            yield from self._minimize(line, batch)
            if before is not None:
                self._keep_share(before)
            self.monitor.report_batch(batch.rows)

    def _minimize(self, line: Line, batch: Batch) -> Passes:
        """All the searches on one batch."""
        steps, count = self.first_steps, 0
        line.begin(carry=0.0 if self.reset_conjugate else 1.0)
        while count != self.updates_per_batch:
            count += 1
            yield from line.aim(batch)
            if line.norm() == 0.0:
                break
            found = yield from self._search(line, batch, steps)
            yield from line.move(found.step)
            steps = found.steps
            if self.verbose_optimization:
                log.info("step size %g: objective %g", found.step, found.objective)
            if found.converged:
                break
        if not self.reset_alpha:
            self.first_steps = steps

    def _search(self, line: Line, batch: Batch, steps: tuple[float, ...]) -> Passes:
        """One search; returns what it Found."""
        objective = yield from line.objective(0.0, batch)
        if math.isnan(objective):
            epoch = self.monitor.get_epochs_seen() + 1
            raise NonFiniteError(
                f"The objective is NaN in epoch {epoch}. Look for NaN in the data, or for a cost "
                "that takes the logarithm of 0."
            )
        if self.line_search_mode == "exhaustive":
            search: Search = exhaustive(steps, objective, least=self.min_init_alpha)
        else:
            search = among(steps, objective, floor=line.floor)
        step = next(search)
        while True:
            objective = yield from line.objective(step, batch)
            try:
                step = search.send(objective)
            except StopIteration as end:
                found: Found = end.value
                return found

    def _keep_share(self, before: Sequence[Any]) -> None:
        after = self.model.get_param_values()
        share = self.scale_step
        self.model.set_param_values(
            [(1.0 - share) * old + share * new for old, new in zip(before, after, strict=True)]
        )


class Line:
    """The line that a model's parameters are searched along, and the graphs for it.

    The direction is kept in shared variables, of length 1 over all parameters together. The
    objective at a step size is a graph of its own: the parameters stay until `move`.
    """

    def __init__(
        self,
        model: Any,
        cost: Any,
        inputs: Inputs,
        fixed_vars: Mapping[str, Any],
        conjugate: bool,
    ) -> None:
        objective = cost.expr(model, inputs.nested, **fixed_vars)
        if objective is None:
            raise ConfigError(
                f"cost: the value of {type(cost).__name__} can't be computed (its expr gives "
                "None), and BGD's line searches go by the value. Train with SGD, which needs the "
                "gradients alone."
            )
        grads, updates = cost.get_gradients(model, inputs.nested, **fixed_vars)
        self.floor = 1e-6 if objective.dtype == "float32" else 3e-7
        self._make_state(grads)
        self._aim = Step(inputs.groups, {**updates, **self._directions(grads, conjugate)}, ())
        self._aim = _with_defaults(self._aim)
        self._move = _with_defaults(Step((), {**self._moved(model), **self._means()}, ()))
        self._objective = Step(inputs.groups, {}, (self._at_step(objective, model),))
        self._bound: dict[int, Bound] = {}

    def _make_state(self, grads: Mapping[Any, Any]) -> None:
        zeros = {param: np.zeros_like(param.get_value(borrow=True)) for param in grads}
        self._direction = {
            param: pytensor.shared(zero, name=f"direction_{param.name}")
            for param, zero in zeros.items()
        }
        # What the last direction is multiplied with before a conjugate one is made of it.
        self._carry = sharedX(0.0, "carry")
        self._norm = sharedX(0.0, "gradient_norm")
        self._step = sharedX(0.0, "step_size")
        self._weight = sharedX(1.0, "weight_of_new")
        self.ave_step_size = sharedX(0.0, "ave_step_size")
        self.ave_grad_size = sharedX(0.0, "ave_grad_size")
        self.ave_grad_mult = sharedX(0.0, "ave_grad_mult")

    def _directions(self, grads: Mapping[Any, Any], conjugate: bool) -> dict[Any, Any]:
        """Updates of the direction: the gradient, or a conjugate one, divided by its length.

        Source of the factor: Polak and Ribiere 1969, never below 0.
        """
        ways = dict(grads)
        if conjugate:
            old = {param: way * self._carry for param, way in self._direction.items()}
            change = {param: ways[param] - old[param] for param in ways}
            factor = _dot(ways, change) / (hyper(1e-7) + _dot(old, old))
            factor = pt.maximum(factor, hyper(0.0))
            ways = {param: ways[param] + factor * old[param] for param in ways}
        norm = pt.sqrt(_dot(ways, ways))
        safe = pt.switch(norm > hyper(0.0), norm, hyper(1.0))
        updates = {self._direction[param]: way / safe for param, way in ways.items()}
        updates[self._norm] = updates[self._carry] = norm
        updates[self.ave_grad_size] = self._mean(self.ave_grad_size, norm)
        return updates

    def _mean(self, mean: Any, new: Any) -> Any:
        return self._weight * new + (hyper(1.0) - self._weight) * mean

    def _means(self) -> dict[Any, Any]:
        """Updates of the channels after a search."""
        return {
            self.ave_step_size: self._mean(self.ave_step_size, self._step),
            self.ave_grad_mult: self._mean(self.ave_grad_mult, self._step / self._norm),
            self._weight: hyper(_WEIGHT) * pt.ones_like(self._weight),
        }

    def _moved(self, model: Any) -> dict[Any, Any]:
        """The parameters a step along the line, as the model's constraints leave them."""
        scalers = model.get_lr_scalers()
        updates: dict[Any, Any] = {}
        for param, direction in self._direction.items():
            rate = self._step * hyper(scalers[param]) if param in scalers else self._step
            updates[param] = param - rate * direction
        model.modify_updates(updates)
        return updates

    def _at_step(self, objective: Any, model: Any) -> Any:
        """The objective at the step size; at 0 it is that of the parameters as they are."""
        away = self._step > hyper(0.0)
        moved = {
            param: pt.switch(away, new, param).astype(param.dtype)
            for param, new in self._moved(model).items()
        }
        return clone_replace(objective, moved, rebuild_strict=False)

    # -------------------------------------------------------------- passes
    def begin(self, carry: float) -> None:
        """Begin a batch: with how much of the last direction."""
        _set(self._carry, carry)

    def aim(self, batch: Batch) -> Passes:
        """Turn the line into the direction to search."""
        yield TrainPass(self._bind(self._aim), batch.data, batch.order)

    def norm(self) -> float:
        """The length of the direction before it was made 1."""
        return float(self._norm.get_value(borrow=True))

    def objective(self, step: float, batch: Batch) -> Passes:
        """The objective at a step size."""
        _set(self._step, step)
        means = yield Measure(self._bind(self._objective), ((batch.data, batch.order),))
        return float(means[0, 0])

    def move(self, step: float) -> Passes:
        """Take the step."""
        _set(self._step, step)
        yield TrainPass(self._bind(self._move), (), _ONE)

    def shared_state(self) -> list[Any]:
        """The shared variables of all passes, each once."""
        steps = (self._aim, self._move, self._objective)
        return list(dict.fromkeys(variable for step in steps for variable in shared_of(step)))

    def _bind(self, step: Step) -> Bound:
        if id(step) not in self._bound:
            self._bound[id(step)] = Bound(step)
        return self._bound[id(step)]


def _with_defaults(step: Step) -> Step:
    extra = default_updates(step.updates.values(), step.updates)
    return Step(step.inputs, {**step.updates, **extra}, step.outputs)


def _dot(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> Any:
    return sum((a[param] * b[param]).sum() for param in a)


def _set(variable: Any, value: float) -> None:
    variable.set_value(np.asarray(value, dtype=variable.dtype))
