"""Gibbs chains: kept from step to step of training, or run after it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.rng import make_np_rng
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.models.rbm.rbm import RBM
    from pylearn2core.types import Array, SeedOrRng, Symbol

DEFAULT_SEED = 1001


class Sampler:
    """Chains of an RBM, in a shared variable `particles`.

    rbm: has gibbs_step_for_v.
    particles: array of their first states, a batch of its visible units.
    rng: a RandomState, or the seed of one.
    """

    def __init__(self, rbm: RBM, particles: Symbol, rng: SeedOrRng | None = None) -> None:
        self.rbm = rbm
        generator = make_np_rng(rng, DEFAULT_SEED, which_method=["randn"])
        self.s_rng = MRG_RandomStreams(int(generator.randint(2**30)))
        self.particles = sharedX(particles, name="particles")

    def updates(self) -> OrderedDict[Symbol, Symbol]:
        """`particles` and its next value."""
        raise NotImplementedError


class BlockGibbsSampler(Sampler):
    """Moves the chains by `steps` steps of block Gibbs sampling.

    particles_clip: (least, largest) of a particle's numbers, or None.
    Source: Tieleman 2008.
    """

    def __init__(
        self,
        rbm: RBM,
        particles: Symbol,
        rng: SeedOrRng | None = None,
        steps: int = 1,
        particles_clip: Any = None,
    ) -> None:
        super().__init__(rbm, particles, rng)
        self.steps, self.particles_clip = steps, particles_clip

    def updates(self, particles_clip: Any = None) -> OrderedDict[Symbol, Symbol]:
        """`particles` and its next value."""
        clip = self.particles_clip if particles_clip is None else particles_clip
        particles = self.particles
        for _ in range(self.steps):
            particles, _ = self.rbm.gibbs_step_for_v(particles, self.s_rng)
            if clip is not None:
                particles = pt.clip(particles, hyper(clip[0]), hyper(clip[1]))
        return OrderedDict([(self.particles, particles)])


def sample(
    model: RBM,
    count: int,
    steps: int,
    *,
    seed: int = DEFAULT_SEED,
    start: Array | None = None,
    as_means: bool = False,
) -> Any:
    """Visible units at the end of `count` Gibbs chains of `steps` steps each: an array.

    start: the chains' first states, `count` examples; drawn from the visible biases if None.
    as_means: true for the visible units' means in the last step, which make clearer pictures.
    """
    from pylearn2core.engine import Bound, Order, Step, default_updates

    rng = MRG_RandomStreams(seed)
    chain = sharedX(start_of(model, count, rng) if start is None else start, name="chain")
    mean = sharedX(np.zeros_like(chain.get_value()), name="chain_mean")
    tick = pt.tensor("tick", dtype=chain.dtype, shape=(None,))
    new, way = model.gibbs_step_for_v(chain, rng)
    updates = OrderedDict([(chain, new), (mean, way["v_mean"])])
    updates.update(default_updates(updates.values(), updates))
    # One step of the chains for each "example" of a data set that nothing looks at.
    order = Order.of([slice(step, step + 1) for step in range(steps)], steps)
    Bound(Step(((tick,),), updates, ())).train((np.zeros(steps, dtype=chain.dtype),), order)
    return np.asarray((mean if as_means else chain).get_value())


def start_of(model: RBM, count: int, rng: MRG_RandomStreams) -> Array:
    """Visible units as they are without any hidden ones: an array of `count` examples."""
    from pylearn2core.engine import evaluate

    energy = model.energy_function
    # Zeros of the batch's shape: the biases alone have no batch axis of that length.
    like = pt.constant(model.vis_space.get_origin_batch(count, dtype=model.bias_vis.dtype))
    mean = energy.visible_mean(like + energy._vis_row(model.bias_vis))
    values: Array = evaluate([energy.sample_visible(mean, rng)])[0]
    return values
