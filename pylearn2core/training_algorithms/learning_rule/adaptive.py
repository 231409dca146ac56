"""Learning rules that scale each parameter's steps by its past gradients."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.space import NullSpace
from pylearn2core.training_algorithms.learning_rule.base import (
    LearningRule,
    Updates,
    scaled_rate,
    state_like,
)
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.monitor import Monitor
    from pylearn2core.types import Symbol

Scalers = Mapping[Any, Any] | None


class AdaGrad(LearningRule):
    """s <- s + g^2; p <- p - h g / max(1 / max_scaling, sqrt(s)).

    max_scaling: the largest factor of the learning rate, > 0.
    Source: Duchi et al. 2011.
    """

    def __init__(self, max_scaling: float = 1e5) -> None:
        self.max_scaling = _positive("AdaGrad", "max_scaling", max_scaling)

    def get_updates(
        self, learning_rate: Symbol, grads: Mapping[Symbol, Symbol], lr_scalers: Scalers = None
    ) -> Updates:
        """Updates of the parameters and of the sums of their squared gradients."""
        updates: Updates = OrderedDict()
        for param, grad in grads.items():
            total = state_like(param, "sum_square_grad")
            new_total = total + pt.sqr(grad)
            rate = scaled_rate(learning_rate, param, lr_scalers)
            scale = pt.maximum(hyper(1.0 / self.max_scaling), pt.sqrt(new_total))
            updates[total] = new_total
            updates[param] = param - rate * grad / scale
        return updates


class AdaDelta(LearningRule):
    """Steps in the ratio of the past steps' size to the past gradients' size.

    s <- r s + (1 - r) g^2; d = -sqrt(q + h) / sqrt(s + h) g; q <- r q + (1 - r) d^2; p <- p + d.
    decay: r, in [0, 1).    The learning rate h is the formula's epsilon, and nothing else.
    Source: Zeiler 2012.
    """

    def __init__(self, decay: float = 0.95) -> None:
        self.decay = _fraction("AdaDelta", "decay", decay)

    def get_updates(
        self, learning_rate: Symbol, grads: Mapping[Symbol, Symbol], lr_scalers: Scalers = None
    ) -> Updates:
        """Updates of the parameters, their mean squared gradients and mean squared steps."""
        updates: Updates = OrderedDict()
        for param, grad in grads.items():
            mean_grad = state_like(param, "mean_square_grad")
            mean_step = state_like(param, "mean_square_dx")
            epsilon = scaled_rate(learning_rate, param, lr_scalers)
            new_mean_grad = _running_mean(mean_grad, pt.sqr(grad), self.decay)
            step = -pt.sqrt(mean_step + epsilon) / pt.sqrt(new_mean_grad + epsilon) * grad
            updates[mean_grad] = new_mean_grad
            updates[mean_step] = _running_mean(mean_step, pt.sqr(step), self.decay)
            updates[param] = param + step
        return updates


class RMSProp(LearningRule):
    """s <- r s + (1 - r) g^2; p <- p - h g / max(sqrt(s), 1 / max_scaling).

    decay: r, in [0, 1).    max_scaling: the largest factor of the learning rate, > 0.
    Channels: mean_square_grad_<parameter>_{min,max,mean}.
    Source: Tieleman and Hinton 2012, lecture 6.5.
    """

    def __init__(self, decay: float = 0.9, max_scaling: float = 1e5) -> None:
        self.decay = _fraction("RMSProp", "decay", decay)
        self.max_scaling = _positive("RMSProp", "max_scaling", max_scaling)
        self.mean_square_grads: OrderedDict[Symbol, Symbol] = OrderedDict()

    def _mean_square(self, param: Symbol) -> Symbol:
        """The state of a parameter, made when it is first asked for."""
        if param not in self.mean_square_grads:
            if not param.name:
                raise ConfigError("RMSProp: every parameter needs a name, for its channels.")
            self.mean_square_grads[param] = state_like(param, "mean_square_grad")
        return self.mean_square_grads[param]

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Dataset) -> None:
        """Add the smallest, largest and mean mean-square gradient of each parameter."""
        # Made here, as the channels are added before the first updates are asked for.
        for param in monitor.model.get_params():
            state = self._mean_square(param)
            for suffix, value in (
                ("min", state.min()),
                ("max", state.max()),
                ("mean", state.mean()),
            ):
                monitor.add_channel(
                    name=f"{state.name}_{suffix}",
                    ipt=None,
                    val=value,
                    data_specs=(NullSpace(), ""),
                    dataset=monitoring_dataset,
                )

    def get_updates(
        self, learning_rate: Symbol, grads: Mapping[Symbol, Symbol], lr_scalers: Scalers = None
    ) -> Updates:
        """Updates of the parameters and their mean squared gradients."""
        updates: Updates = OrderedDict()
        for param, grad in grads.items():
            state = self._mean_square(param)
            new_state = _running_mean(state, pt.sqr(grad), self.decay)
            rate = scaled_rate(learning_rate, param, lr_scalers)
            scale = pt.maximum(pt.sqrt(new_state), hyper(1.0 / self.max_scaling))
            updates[state] = new_state
            updates[param] = param - rate * grad / scale
        return updates


class Adam(LearningRule):
    """m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; p <- p - h m' / (sqrt(v') + epsilon).

    m' = m / (1 - b1^t), v' = v / (1 - b2^t) at step t, from 1.
    beta1, beta2: b1, b2, in [0, 1).    epsilon: > 0.
    Source: Kingma and Ba 2015, algorithm 1.
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta1 = _fraction("Adam", "beta1", beta1)
        self.beta2 = _fraction("Adam", "beta2", beta2)
        self.epsilon = _positive("Adam", "epsilon", epsilon)

    def get_updates(
        self, learning_rate: Symbol, grads: Mapping[Symbol, Symbol], lr_scalers: Scalers = None
    ) -> Updates:
        """Updates of the parameters, their gradients' two running means and the step count."""
        updates: Updates = OrderedDict()
        steps = sharedX(0.0, "adam_steps")
        count = steps + hyper(1.0)
        updates[steps] = count
        unbiased1 = hyper(1.0) - pt.power(hyper(self.beta1), count)
        unbiased2 = hyper(1.0) - pt.power(hyper(self.beta2), count)
        for param, grad in grads.items():
            first, second = state_like(param, "adam_mean"), state_like(param, "adam_mean_square")
            new_first = _running_mean(first, grad, self.beta1)
            new_second = _running_mean(second, pt.sqr(grad), self.beta2)
            rate = scaled_rate(learning_rate, param, lr_scalers)
            scale = pt.sqrt(new_second / unbiased2) + hyper(self.epsilon)
            updates[first] = new_first
            updates[second] = new_second
            updates[param] = param - rate * (new_first / unbiased1) / scale
        return updates


def _running_mean(mean: Symbol, new: Symbol, decay: float) -> Symbol:
    return hyper(decay) * mean + hyper(1.0 - decay) * new


def _fraction(rule: str, name: str, value: float) -> float:
    if not 0.0 <= value < 1.0:
        raise ConfigError(f"{rule}: {name} must be in [0, 1), got {value!r}.")
    return value


def _positive(rule: str, name: str, value: float) -> float:
    if not value > 0.0:
        raise ConfigError(f"{rule}: {name} must be > 0, got {value!r}.")
    return value
