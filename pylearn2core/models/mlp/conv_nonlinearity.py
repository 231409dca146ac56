"""What a convolutional layer does to each value of its convolution."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.mlp.elementwise import rectify
from pylearn2core.models.mlp.sigmoid import sigmoid_input
from pylearn2core.models.mlp.statistics import detection, floats, unit_statistics
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

MONITOR_STYLES = ("classification", "detection")


class ConvNonlinearity:
    """A function of each value; a subclass defines `apply`, and `cost` where it has one."""

    def apply(self, linear_response: Symbol) -> Symbol:
        """The function's values for the convolution's, the same shape."""
        raise UnsupportedError(f"{type(self).__name__} does not implement apply.")

    def cost(self, Y: Symbol, Y_hat: Symbol, batch_axis: int) -> Symbol:
        """The cost of outputs Y_hat (as `apply` gave them) where the targets are Y."""
        raise UnsupportedError(
            f"{type(self).__name__} has no cost, so its layer can't be the output layer; end the "
            "MLP with a Softmax, or use SigmoidConvNonlinearity."
        )

    def get_monitoring_channels_from_state(
        self, state: Symbol, target: Symbol = None, cost_fn: Callable[..., Any] | None = None
    ) -> OrderedDict[str, Symbol]:
        """Statistics of the units over the batch; with a target, of an output layer's errors.

        state: shape (batch, channels, rows, columns).    cost_fn: the layer's cost.
        """
        return unit_statistics(state)


class IdentityConvNonlinearity(ConvNonlinearity):
    """The convolution itself."""

    def apply(self, linear_response: Symbol) -> Symbol:
        """The same."""
        return linear_response


class RectifierConvNonlinearity(ConvNonlinearity):
    """max(0, z).    left_slope: slope for negative values."""

    def __init__(self, left_slope: float = 0.0) -> None:
        self.left_slope = left_slope

    def apply(self, linear_response: Symbol) -> Symbol:
        """The units' values."""
        return rectify(linear_response, self.left_slope)


class TanhConvNonlinearity(ConvNonlinearity):
    """tanh(z)."""

    def apply(self, linear_response: Symbol) -> Symbol:
        """The units' values."""
        return pt.tanh(linear_response)


class SigmoidConvNonlinearity(ConvNonlinearity):
    """1 / (1 + exp(-z)); cost: mean cross-entropy over examples and units.

    monitor_style: the channels of an output layer: 'classification' (misclass: any channel wrong,
    of the examples' places) or 'detection' (precision, recall ...).
    """

    def __init__(self, monitor_style: str = "classification") -> None:
        self.monitor_style = check_style(monitor_style, type(self).__name__)

    def apply(self, linear_response: Symbol) -> Symbol:
        """The units' values."""
        return pt.sigmoid(linear_response)

    def cost(self, Y: Symbol, Y_hat: Symbol, batch_axis: int) -> Symbol:
        """Mean over examples and units of the cross-entropy, from the linear part of Y_hat."""
        z = sigmoid_input(Y_hat, type(self).__name__)
        return (Y * pt.softplus(-z) + (hyper(1.0) - Y) * pt.softplus(z)).mean()

    def get_monitoring_channels_from_state(
        self, state: Symbol, target: Symbol = None, cost_fn: Callable[..., Any] | None = None
    ) -> OrderedDict[str, Symbol]:
        """The units' statistics, and with a target those of monitor_style."""
        channels = super().get_monitoring_channels_from_state(state, target, cost_fn)
        if target is None:
            return channels
        said, true = floats(state > hyper(0.5)), floats(target > hyper(0.5))
        wrong = floats(pt.neq(said, true))
        if self.monitor_style == "classification":
            channels["misclass"] = wrong.max(axis=1).mean()
            return channels
        channels["01_loss"] = wrong.mean()
        if cost_fn is not None:
            channels["kl"] = cost_fn(Y=target, Y_hat=state)
        channels.update(detection(said, true, axis=(0, 1)))
        return channels


def check_style(monitor_style: str, who: str) -> str:
    """`monitor_style`, if it is one. Raises ConfigError."""
    if monitor_style not in MONITOR_STYLES:
        raise ConfigError(
            f"{who}: monitor_style must be one of {', '.join(MONITOR_STYLES)}, "
            f"got {monitor_style!r}."
        )
    return monitor_style
