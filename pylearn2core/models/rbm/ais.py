"""Annealed importance sampling: an RBM's log-partition function, and so its log-likelihood.

Source: Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief networks".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from scipy.special import logit, logsumexp

from pylearn2core.energy_functions.rbm_energy import per_example
from pylearn2core.errors import ConfigError
from pylearn2core.space import VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.models.rbm.rbm import RBM
    from pylearn2core.types import Array, Symbol

DEFAULT_SEED = 2008


@dataclass(frozen=True, slots=True)
class Estimate:
    """What annealed importance sampling found, in nats.

    log_partition: the estimate.    standard_error: of it.
    log_weights: one a chain, shape (chains,); the mean of their exponentials estimates the
    partition function.
    """

    log_partition: float
    standard_error: float
    log_weights: Any

    @property
    def bounds(self) -> tuple[float, float]:
        """log_partition, three standard errors of the mean weight below and above."""
        mean = 3 * np.expm1(self.standard_error) if self.standard_error < 1 else np.inf
        low = np.log1p(-mean) if mean < 1 else -np.inf
        return self.log_partition + float(low), self.log_partition + float(np.log1p(mean))


def estimate_log_partition(
    model: RBM,
    *,
    chains: int = 100,
    temperatures: int | Sequence[float] = 1000,
    data: Symbol = None,
    seed: int = DEFAULT_SEED,
) -> Estimate:
    """Estimate the log of the sum (or integral) of exp(-free energy) over the visible units.

    model: an RBM of any transform and energy.
    temperatures: how many inverse temperatures, evenly from 0 to 1; or these, ascending so.
    data: a dataset or an array of shape (examples, units): the chains start from its means, which
    takes fewer temperatures than to start from the model's visible biases.
    """
    from pylearn2core.engine import Bound, Order, Step, default_updates, evaluate

    ladder = _ladder(temperatures)
    rng = MRG_RandomStreams(seed)
    annealed = _Annealed(model, _base_bias(model, data))
    chain = sharedX(evaluate([annealed.start(chains, rng)])[0], name="chain")
    weights = pytensor.shared(np.zeros(chains), name="log_weights")
    step = pt.matrix("step", dtype=chain.dtype)
    before, now = step[0, 0], step[0, 1]
    gain = annealed.minus_free_energy(chain, now) - annealed.minus_free_energy(chain, before)
    updates = OrderedDict(
        [(weights, weights + gain.astype("float64")), (chain, annealed.move(chain, now, rng))]
    )
    updates.update(default_updates(updates.values(), updates))
    # Each rung of the ladder is a "batch" of one row: (the temperature before, this one).
    rungs = np.stack([ladder[:-1], ladder[1:]], axis=1).astype(chain.dtype)
    order = Order.of([slice(n, n + 1) for n in range(len(rungs))], len(rungs))
    Bound(Step(((step,),), updates, ())).train((rungs,), order)
    (base,) = evaluate([annealed.base_log_partition()])
    return _estimate(np.asarray(weights.get_value()), float(base))


def log_likelihood(model: RBM, X: Array, log_partition: float) -> Array:
    """log p of each example of X, in nats; an array.

    X: shape (examples, units), or a batch in the model's input space.
    """
    from pylearn2core.engine import evaluate

    space, X = model.get_input_space(), np.asarray(X)
    if X.ndim == 2 and not isinstance(space, VectorSpace):
        X = VectorSpace(X.shape[1], dtype=X.dtype.name).np_format_as(X, space)
    (free_energy,) = evaluate([model.free_energy(sharedX(X))])
    return -np.asarray(free_energy, dtype=float) - log_partition


class _Annealed:
    """The distributions between independent visible units (t = 0) and the model (t = 1).

    Their energy is (1 - t) visible_term(v, base bias) + t E(v, h).
    """

    def __init__(self, model: RBM, bias: Symbol) -> None:
        self.energy = model.energy_function
        self.model = model
        self.bias = bias

    def start(self, chains: int, rng: MRG_RandomStreams) -> Symbol:
        space = self.energy.vis_space
        like = pt.constant(space.get_origin_batch(chains, dtype=self.bias.dtype))
        mean = self.energy.visible_mean(like + self.energy._vis_row(self.bias))
        return self.energy.sample_visible(mean, rng)

    def minus_free_energy(self, V: Symbol, t: Symbol) -> Symbol:
        energy = self.energy
        hidden = per_example(pt.softplus(t * energy.hidden_input(V)), energy.hid_space)
        visible = (hyper(1.0) - t) * energy.visible_term(V, self.bias) + t * energy.visible_term(V)
        return hidden - visible

    def move(self, V: Symbol, t: Symbol, rng: MRG_RandomStreams) -> Symbol:
        energy = self.energy
        H = self.model.sample_hiddens(pt.sigmoid(t * energy.hidden_input(V)), rng)
        base = energy._vis_row(self.bias)
        inputs = (hyper(1.0) - t) * base + t * energy.visible_input(H)
        return energy.sample_visible(energy.visible_mean(inputs), rng)

    def base_log_partition(self) -> Symbol:
        hidden = self.energy.hid_space.get_total_dimension()
        return self.energy.log_partition_without_hidden(self.bias) + hyper(hidden * np.log(2.0))


def _ladder(temperatures: int | Sequence[float]) -> Array:
    if isinstance(temperatures, int):
        if temperatures < 2:
            raise ConfigError(f"temperatures: expected 2 or more, got {temperatures}.")
        return np.linspace(0.0, 1.0, temperatures)
    ladder = np.asarray(temperatures, dtype=float)
    if ladder.ndim != 1 or ladder[0] != 0 or ladder[-1] != 1 or (np.diff(ladder) < 0).any():
        raise ConfigError("temperatures: expected inverse temperatures that ascend from 0 to 1.")
    return ladder


def _base_bias(model: RBM, data: Any) -> Any:
    """Biases of independent visible units: the model's own, or those that give the data's means."""
    if data is None:
        return model.bias_vis
    X = data.get_design_matrix() if hasattr(data, "get_design_matrix") else data
    mean = np.asarray(X, dtype=float).mean(axis=0, keepdims=True)
    if not model.has_real_visibles:
        mean = logit(0.01 + 0.98 * mean)
    space = model.vis_space
    vectors = VectorSpace(space.get_total_dimension(), dtype="float64")
    return sharedX(np.take(vectors.np_format_as(mean, space), 0, axis=space.get_batch_axis()))


def _estimate(log_weights: Array, base: float) -> Estimate:
    count = len(log_weights)
    log_mean = float(logsumexp(log_weights) - np.log(count))
    relative = np.exp(log_weights - log_mean)
    error = float(relative.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")
    return Estimate(base + log_mean, error, base + log_weights)
