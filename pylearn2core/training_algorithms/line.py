"""The line that batch gradient descent searches along, as graphs and their passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import clone_replace

from pylearn2core.engine import Bound, Measure, Order, Step, TrainPass, default_updates, shared_of
from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.batches import Inputs, Minibatch
from pylearn2core.training_algorithms.gradient_algorithm import Passes
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.models.model import Model
    from pylearn2core.types import Symbol

# The weight of a new value in the running means that are channels.
_WEIGHT = 0.01
_ONE = Order((np.zeros(1, dtype=np.int32),))


class Line:
    """The line that a model's parameters are searched along, and the graphs for it.

    The direction is kept in shared variables, of length 1 over all parameters together. The
    objective at a step size is a graph of its own: the parameters stay until `move`.
    """

    def __init__(
        self,
        model: Model,
        cost: Cost,
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

    def _make_state(self, grads: Mapping[Symbol, Symbol]) -> None:
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

    def _directions(self, grads: Mapping[Symbol, Symbol], conjugate: bool) -> dict[Any, Any]:
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

    def _mean(self, mean: Symbol, new: Symbol) -> Symbol:
        return self._weight * new + (hyper(1.0) - self._weight) * mean

    def _means(self) -> dict[Any, Any]:
        """Updates of the channels after a search."""
        return {
            self.ave_step_size: self._mean(self.ave_step_size, self._step),
            self.ave_grad_mult: self._mean(self.ave_grad_mult, self._step / self._norm),
            self._weight: hyper(_WEIGHT) * pt.ones_like(self._weight),
        }

    def _moved(self, model: Model) -> dict[Any, Any]:
        """The parameters a step along the line, as the model's constraints leave them."""
        scalers = model.get_lr_scalers()
        updates: dict[Symbol, Symbol] = {}
        for param, direction in self._direction.items():
            rate = self._step * hyper(scalers[param]) if param in scalers else self._step
            updates[param] = param - rate * direction
        model.modify_updates(updates)
        return updates

    def _at_step(self, objective: Symbol, model: Model) -> Symbol:
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

    def aim(self, batch: Minibatch) -> Passes:
        """Turn the line into the direction to search."""
        yield TrainPass(self._bind(self._aim), batch.data, batch.order)

    def norm(self) -> float:
        """The length of the direction before it was made 1."""
        return float(self._norm.get_value(borrow=True))

    def objective(self, step: float, batch: Minibatch) -> Passes:
        """The objective at a step size."""
        _set(self._step, step)
        means = yield Measure(self._bind(self._objective), ((batch.data, batch.order),))
        return float(means[0, 0])

    def move(self, step: float) -> Passes:
        """Take the step."""
        _set(self._step, step)
        yield TrainPass(self._bind(self._move), (), _ONE)

    def shared_state(self) -> list[Symbol]:
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


def _dot(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> Symbol:
    return sum((a[param] * b[param]).sum() for param in a)


def _set(variable: Symbol, value: float) -> None:
    variable.set_value(np.asarray(value, dtype=variable.dtype))
