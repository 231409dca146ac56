"""The dense layer of logistic units, which can also be the output layer."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt
from pytensor.scalar.math import Sigmoid as SigmoidOp

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.linear import Linear
from pylearn2core.models.mlp.statistics import detection, floats
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

_STYLES = ("detection", "one_hot_class", "bit_vector_class")


class Sigmoid(Linear):
    """Output 1 / (1 + exp(-(x W + b))); cost: mean cross-entropy over examples and units.

    monitor_style: the channels of an output layer: 'detection' (precision, recall ...),
    'one_hot_class' (misclass: the largest output), 'bit_vector_class' (misclass: any unit wrong).
    The other arguments as Affine's.
    """

    def __init__(self, monitor_style: str = "detection", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if monitor_style not in _STYLES:
            raise ConfigError(
                f"layer {self.layer_name!r}: monitor_style must be one of {', '.join(_STYLES)}, "
                f"got {monitor_style!r}."
            )
        self.monitor_style = monitor_style

    def fprop(self, state_below: Symbol) -> Symbol:
        """The units' values, shape (batch, dim)."""
        return pt.sigmoid(self._linear_part(state_below))

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Mean over the examples of the mean over the units of the cross-entropy."""
        return self.kl(Y, Y_hat).mean()

    def kl(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Each example's mean cross-entropy, shape (batch,): the divergence for binary Y."""
        return self.cost_matrix(Y, Y_hat).mean(axis=1)

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Cross-entropy, shape (batch, dim), from the linear part of Y_hat."""
        z = sigmoid_input(Y_hat, self.layer_name)
        return Y * pt.softplus(-z) + (hyper(1.0) - Y) * pt.softplus(z)

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """The dense layers' channels, and with targets those of monitor_style."""
        channels = super().get_layer_monitoring_channels(state_below, state, targets)
        if targets is None:
            return channels
        if state is None:
            state = self.fprop(state_below)
        if self.monitor_style == "detection":
            channels.update(self._detection(state, targets))
        elif self.monitor_style == "one_hot_class":
            wrong = pt.neq(pt.argmax(state, axis=1), pt.argmax(targets, axis=1))
            channels["misclass"] = floats(wrong).mean()
        else:
            half = hyper(0.5)
            wrong = pt.neq(state > half, targets > half)
            channels["misclass"] = floats(pt.any(wrong, axis=1)).mean()
        return channels

    def _detection(self, state: Symbol, targets: Symbol) -> OrderedDict[str, Symbol]:
        half = hyper(0.5)
        said, true = floats(state > half), floats(targets > half)
        channels: OrderedDict[str, Symbol] = OrderedDict()
        channels["01_loss"] = floats(pt.neq(said, true)).mean()
        channels["kl"] = self.cost(Y=targets, Y_hat=state)
        channels.update(detection(said, true, axis=0))
        return channels


def sigmoid_input(Y_hat: Symbol, layer_name: str) -> Symbol:
    """The z of Y_hat = sigmoid(z); the logarithm of Y_hat itself saturates."""
    owner = getattr(Y_hat, "owner", None)
    if owner is None or not isinstance(getattr(owner.op, "scalar_op", None), SigmoidOp):
        raise ConfigError(
            f"layer {layer_name!r}: cost takes the output of fprop as Y_hat, got {Y_hat!r}."
        )
    return owner.inputs[0]
