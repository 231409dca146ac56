"""Noise contrastive estimation: learn to tell the data from noise."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.engine import default_updates, evaluate
from pylearn2core.errors import ConfigError
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.space import Space
    from pylearn2core.types import Symbol

START_ROWS = 1000


class NCE(DefaultDataSpecsMixin, Cost):
    """-mean log sigmoid(G(x)) over the data - mean log sigmoid(-G(y)) over the noise.

    G is the model's log density minus the noise's. A model without `log_prob`, but with
    `free_energy`, has the log density -free_energy - log_partition; log_partition is a number that
    is learnt beside the model's parameters and belongs to this cost.
    noise: has `random_design_matrix(m)` and `log_prob(X)`, as GaussianNoise and BernoulliNoise.
    noise_per_clean: rows of noise a row of data.
    init_log_partition: where log_partition starts; if None, where the first model seems as likely
    as the noise.
    Source: Gutmann and Hyvarinen 2010.
    """

    supervised = False

    def __init__(
        self, noise: Any, noise_per_clean: int, init_log_partition: float | None = None
    ) -> None:
        if isinstance(noise_per_clean, bool) or not isinstance(noise_per_clean, int | np.integer):
            raise ConfigError(f"noise_per_clean: expected an integer, got {noise_per_clean!r}.")
        if noise_per_clean < 1:
            raise ConfigError(f"noise_per_clean: expected 1 or more, got {noise_per_clean}.")
        self.noise, self.noise_per_clean = noise, int(noise_per_clean)
        self.log_partition: Any = None
        if init_log_partition is not None:
            self.log_partition = sharedX(init_log_partition, "log_partition")

    def expr(
        self, model: ModelLike, data: Symbol, noisy_data: Symbol = None, **kwargs: Any
    ) -> Symbol:
        """The objective, a scalar.    noisy_data: the noise, drawn if None."""
        space = self.get_data_specs(model)[0]
        space.validate(data)
        rows = space.batch_size(data)
        if noisy_data is None:
            noise = self.noise.random_design_matrix(rows * self.noise_per_clean)
            noisy_data = self._vectors(space, noise).format_as(noise, space)
        of_data, of_noise = self.G(data, model), self.G(noisy_data, model)
        value = pt.softplus(-of_data).mean() + pt.softplus(of_noise).mean()
        value.name = "NCE"
        return value

    def G(self, X: Symbol, model: ModelLike) -> Symbol:
        """The log of how much likelier each example is under the model than as noise; a vector."""
        space = self.get_data_specs(model)[0]
        as_noise = self.noise.log_prob(space.format_as(X, self._vectors(space, X)))
        if hasattr(model, "log_prob"):
            return model.log_prob(X) - as_noise
        return -model.free_energy(X) - self._log_partition(model) - as_noise

    def h(self, X: Symbol, model: ModelLike) -> Symbol:
        """The probability of each example to be data; a vector."""
        return pt.sigmoid(self.G(X, model))

    def get_gradients(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> tuple[OrderedDict[Symbol, Symbol], OrderedDict[Symbol, Symbol]]:
        """(gradients, of log_partition too; the random states' updates)."""
        cost = self.expr(model, data, **kwargs)
        params = list(model.get_params())
        if self.log_partition is not None:
            params.append(self.log_partition)
        grads = pt.grad(cost, params, disconnected_inputs="ignore")
        updates = OrderedDict(default_updates([cost], ()))
        return OrderedDict(zip(params, grads, strict=True)), updates

    def get_monitoring_channels(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> OrderedDict[str, Symbol]:
        """log_partition, where it is learnt."""
        channels = super().get_monitoring_channels(model, data, **kwargs)
        if not hasattr(model, "log_prob"):
            channels["log_partition"] = self._log_partition(model)
        return OrderedDict(channels)

    def is_stochastic(self) -> bool:
        """Yes: the noise."""
        return True

    def _vectors(self, space: Space, batch: Symbol) -> VectorSpace:
        return VectorSpace(space.get_total_dimension(), dtype=batch.dtype)

    def _log_partition(self, model: ModelLike) -> Symbol:
        """The shared variable; set, the first time, to make G 0 on average over the noise."""
        if self.log_partition is None:
            space = self.get_data_specs(model)[0]
            noise = self.noise.random_design_matrix(START_ROWS)
            batch = self._vectors(space, noise).format_as(noise, space)
            gap = -model.free_energy(batch) - self.noise.log_prob(noise)
            (start,) = evaluate([gap.mean()])
            self.log_partition = sharedX(start, "log_partition")
        return self.log_partition
