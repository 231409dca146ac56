"""The restricted Boltzmann machine with real visible units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.energy_functions.rbm_energy import GRBMEnergy
from pylearn2core.errors import ConfigError
from pylearn2core.models.rbm.rbm import RBM
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.linear.linear_transform import LinearTransform
    from pylearn2core.space import SimplyTypedSpace
    from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
    from pylearn2core.types import Array, SeedOrRng, Symbol


class GaussianBinaryRBM(RBM):
    """Gaussian visible units, binary hidden units.

    energy_function_class: `rbm_energy.grbm_type_1()` or `grbm_type_2()`.
    nvis, nhid, vis_space, hid_space, transformer, irange, rng, init_bias_hid, init_bias_vis: as
    RBM's.
    mean_vis: true to take the visible units' means for samples of them.
    init_sigma: standard deviation of a visible unit given the hidden ones; a number, or one for
    each unit where the energy has them.
    learn_sigma: true to train sigma too, within min_sigma and max_sigma.
    sigma_lr_scale: what is trained is sigma / sigma_lr_scale, so that sigma's learning rate is its
    square times the algorithm's.
    Parameters: the RBM's, and sigma_driver where learn_sigma is true.
    """

    has_real_visibles = True

    def __init__(
        self,
        energy_function_class: Any,
        nvis: int | None = None,
        nhid: int | None = None,
        vis_space: SimplyTypedSpace | None = None,
        hid_space: SimplyTypedSpace | None = None,
        transformer: LinearTransform | None = None,
        irange: float = 0.5,
        rng: SeedOrRng | None = None,
        mean_vis: bool = False,
        init_sigma: float | Array = 2.0,
        learn_sigma: bool = False,
        sigma_lr_scale: float = 1.0,
        init_bias_hid: Any = 0.0,
        min_sigma: float = 0.1,
        max_sigma: float = 10.0,
        init_bias_vis: Any = None,
    ) -> None:
        self.energy_function_class = _checked(energy_function_class)
        self.mean_vis, self.learn_sigma = mean_vis, learn_sigma
        self.init_sigma, self.sigma_lr_scale = init_sigma, float(sigma_lr_scale)
        if not 0 < min_sigma <= max_sigma:
            raise ConfigError(
                f"0 < min_sigma <= max_sigma is needed, got {min_sigma} and {max_sigma}."
            )
        self.min_sigma, self.max_sigma = min_sigma, max_sigma
        super().__init__(
            nvis,
            nhid,
            vis_space,
            hid_space,
            transformer,
            irange=irange,
            rng=rng,
            init_bias_vis=init_bias_vis,
            init_bias_hid=init_bias_hid,
        )
        if learn_sigma:
            self._params = [*self._params, self.sigma_driver]

    def _make_energy(self) -> Any:
        driver = np.asarray(self.init_sigma, dtype=float) / self.sigma_lr_scale
        if self.energy_function_class.supports_vector_sigma():
            driver = np.ones(self.vis_space.get_origin().shape) * driver
        if driver.ndim and not self.energy_function_class.supports_vector_sigma():
            raise ConfigError(
                f"init_sigma: {self.energy_function_class.__name__} has one sigma for all units, "
                f"got {self.init_sigma!r}. Give a number, or take grbm_type_2."
            )
        self.sigma_driver = sharedX(driver, name="sigma_driver")
        self.sigma = self.sigma_driver * hyper(self.sigma_lr_scale)
        return self.energy_function_class(
            transformer=self.transformer,
            bias_hid=self.bias_hid,
            bias_vis=self.bias_vis,
            sigma=self.sigma,
            vis_space=self.vis_space,
            hid_space=self.hid_space,
        )

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        super()._modify_updates(updates)
        if self.sigma_driver in updates:
            updates[self.sigma_driver] = pt.clip(
                updates[self.sigma_driver],
                hyper(self.min_sigma / self.sigma_lr_scale),
                hyper(self.max_sigma / self.sigma_lr_scale),
            )

    def score(self, V: Symbol) -> Symbol:
        """d log p(v) / dv for each row of V, the same shape as V."""
        return self.energy_function.score(V)

    def score_divergence(self, V: Symbol) -> Symbol:
        """Return sum_i d score_i / d v_i of each row of V; a vector."""
        return self.energy_function.score_divergence(V)

    def P_H_given_V(self, V: Symbol) -> Symbol:
        """The probability of each hidden unit to be 1."""
        return self.mean_h_given_v(V)

    def free_energy_given_v(self, V: Symbol) -> Symbol:
        """The same as free_energy, under Pylearn2's name for the argument."""
        return self.free_energy(V)

    def free_energy_given_h(self, h: Symbol) -> Symbol:
        """Not for real visible units."""
        raise self._lacks("free_energy_given_h")

    def pseudo_log_likelihood(self, data: Symbol, **kwargs: Any) -> Symbol:
        """Not for real visible units."""
        raise self._lacks("pseudo_log_likelihood")

    def sample_visibles(self, params: Any, shape: Any, rng: MRG_RandomStreams) -> Symbol:
        """Visible units given the hidden ones, or their means where mean_vis is true."""
        return params[0] if self.mean_vis else super().sample_visibles(params, shape, rng)


def _checked(energy_function_class: Any) -> Any:
    if isinstance(energy_function_class, type) and issubclass(energy_function_class, GRBMEnergy):
        return energy_function_class
    raise ConfigError(
        "energy_function_class: expected an energy of Gaussian visible units, got "
        f"{energy_function_class!r}. Write "
        "!obj:pylearn2core.energy_functions.rbm_energy.grbm_type_1 {}."
    )
