"""Contrastive divergence, and stochastic maximum likelihood with persistent chains.

The log-likelihood of such a model can't be computed, but its gradient can be estimated from
samples: `expr` gives None, and `get_gradients` the estimate.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytensor.tensor as pt

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.engine import default_updates
from pylearn2core.errors import ConfigError
from pylearn2core.theano.gradient import disconnected_grad
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.types import Symbol
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.costs.kinds import SampledLike
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Seed

DEFAULT_SEED = 42

Gradients = tuple[OrderedDict[Symbol, Symbol], OrderedDict[Symbol, Symbol]]


class _Sampled(DefaultDataSpecsMixin, Cost):
    """A gradient from samples of a model that has free_energy and gibbs_step_for_v.

    nsteps: Gibbs steps a batch.    seed: of the draws.
    """

    supervised = False

    def __init__(self, nsteps: int, seed: Seed) -> None:
        self.nsteps = _count(nsteps, "nsteps")
        self._rng = MRG_RandomStreams(seed)

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """None: the value can't be computed."""
        self.get_data_specs(model)[0].validate(data)

    def is_stochastic(self) -> bool:
        """Yes."""
        return True

    def _moved(self, model: ModelLike, samples: Symbol) -> Symbol:
        for _ in range(self.nsteps):
            samples, _ = cast("SampledLike", model).gibbs_step_for_v(samples, self._rng)
        return samples

    def _contrast(
        self, model: ModelLike, data: Symbol, samples: Symbol
    ) -> OrderedDict[Symbol, Symbol]:
        """Gradients of mean free energy of the data minus that of the samples."""
        samples = disconnected_grad(samples)
        cost = model.free_energy(data).mean() - model.free_energy(samples).mean()
        params = list(model.get_params())
        grads = pt.grad(cost, params, disconnected_inputs="ignore")
        return OrderedDict(zip(params, grads, strict=True))


class CDk(_Sampled):
    """Contrastive divergence: samples are `nsteps` Gibbs steps away from the data.

    Source: Hinton 2002.
    """

    def __init__(self, nsteps: int, seed: Seed = DEFAULT_SEED) -> None:
        super().__init__(nsteps, seed)

    def get_gradients(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Gradients:
        """(gradients, the random states' updates)."""
        self.get_data_specs(model)[0].validate(data)
        grads = self._contrast(model, data, self._moved(model, data))
        return grads, OrderedDict(default_updates(grads.values(), ()))


class SML(_Sampled):
    """Stochastic maximum likelihood, or persistent contrastive divergence.

    The samples come from chains that are never started again: they are a shared variable,
    `particles`, that each training step moves on by `nsteps` Gibbs steps.
    batch_size: number of chains.    seed: 42 if None.
    Source: Tieleman 2008.
    """

    def __init__(self, batch_size: int, nsteps: int, seed: Seed | None = None) -> None:
        super().__init__(nsteps, DEFAULT_SEED if seed is None else seed)
        self.batch_size = _count(batch_size, "batch_size")
        self.seed = DEFAULT_SEED if seed is None else seed
        self.particles: Any = None

    def get_gradients(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Gradients:
        """(gradients, updates of the chains and the random states)."""
        self.get_data_specs(model)[0].validate(data)
        if self.particles is None:
            self.particles = self._first_particles(model)
        samples = self._moved(model, self.particles)
        grads = self._contrast(model, data, samples)
        updates = OrderedDict([(self.particles, samples)])
        updates.update(default_updates([*grads.values(), samples], updates))
        return grads, updates

    def _first_particles(self, model: ModelLike) -> Any:
        """Chains that know nothing yet: fair coins, or standard normal numbers."""
        rng = np.random.RandomState(self.seed)
        shape = model.get_input_space().get_origin_batch(self.batch_size).shape
        is_real = getattr(model, "has_real_visibles", False)
        first = rng.randn(*shape) if is_real else rng.randint(2, size=shape)
        return sharedX(first, name="particles")


def _count(value: Symbol, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ConfigError(f"{name}: expected an integer > 0, got {value!r}.")
    return int(value)
