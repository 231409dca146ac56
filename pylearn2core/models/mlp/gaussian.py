"""The linear output layer with learnt precisions."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.init import filled
from pylearn2core.models.mlp.linear import Linear
from pylearn2core.models.mlp.statistics import min_mean_max
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class LinearGaussian(Linear):
    """Output x W + b, the mean of a Gaussian of diagonal precision beta, which is learnt too.

    Cost: 0.5 mean_rows(sum_j beta_j (y_j - output_j)^2) - 0.5 sum_j log beta_j.
    init_beta: beta's first value, a number or an array of shape (dim,).
    min_beta, max_beta: its bounds after every step.    beta_lr_scale: factor of its learning rate.
    The other arguments as Affine's.
    """

    def __init__(
        self,
        init_beta: Array,
        min_beta: float,
        max_beta: float,
        beta_lr_scale: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0.0 < min_beta <= max_beta:
            raise ConfigError(
                f"layer {self.layer_name!r}: expected 0 < min_beta <= max_beta, got {min_beta} "
                f"and {max_beta}."
            )
        self.init_beta = filled(init_beta, (self.dim,), f"layer {self.layer_name!r}: init_beta")
        self.min_beta, self.max_beta = min_beta, max_beta
        self.beta_lr_scale = beta_lr_scale

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw W from the MLP's generator."""
        super().set_input_space(space)
        self.beta = sharedX(self.init_beta, name="beta")
        self._params = [*self._params, self.beta]

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """W_lr_scale, b_lr_scale and beta_lr_scale, where given."""
        scalers = super().get_lr_scalers()
        if self.beta_lr_scale is not None:
            scalers[self.beta] = self.beta_lr_scale
        return scalers

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        super()._modify_updates(updates)
        if self.beta in updates:
            updates[self.beta] = pt.clip(
                updates[self.beta], hyper(self.min_beta), hyper(self.max_beta)
            )

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Mean negative log-likelihood, less the constant 0.5 dim log(2 pi)."""
        half = hyper(0.5)
        misfit = pt.dot(pt.sqr(Y - Y_hat), self.beta).mean()
        return half * misfit - half * pt.log(self.beta).sum()

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Raise UnsupportedError: the normaliser belongs to no one example."""
        raise self._lacks("cost_matrix")

    def cost_from_cost_matrix(self, cost_matrix: Symbol) -> Symbol:
        """Raise UnsupportedError: the normaliser belongs to no one example."""
        raise self._lacks("cost_from_cost_matrix")

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """The dense layers' channels, beta's, and with targets the mean squared error."""
        channels = super().get_layer_monitoring_channels(state_below, state, targets)
        channels.update(min_mean_max("beta", self.beta))
        if targets is not None:
            if state is None:
                state = self.fprop(state_below)
            channels["mse"] = pt.sqr(state - targets).mean()
        return channels


def mean_of_targets(dataset: MatrixLike) -> Array:
    """The mean of a dataset's targets, shape (dim,): a good init_bias."""
    values: Array = np.asarray(dataset.get_targets()).mean(axis=0)
    return values


def beta_from_design(design: Array, min_var: float = 1e-6, max_var: float = 1e6) -> Array:
    """1 / variance of each column of `design`, the variance bounded; shape (columns,)."""
    values: Array = 1.0 / np.clip(np.asarray(design).var(axis=0), min_var, max_var)
    return values


def beta_from_targets(dataset: MatrixLike, min_var: float = 1e-6, max_var: float = 1e6) -> Array:
    """beta_from_design of a dataset's targets: a good init_beta."""
    return beta_from_design(dataset.get_targets(), min_var, max_var)


def beta_from_features(dataset: MatrixLike, min_var: float = 1e-6, max_var: float = 1e6) -> Array:
    """beta_from_design of a dataset's features."""
    return beta_from_design(dataset.get_design_matrix(), min_var, max_var)
