"""What the distributions of a VAE have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.model import Model
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

LOG_2_PI = float(np.log(2.0 * np.pi))


class Distribution(Model):
    """A distribution of one VAE: draws from that VAE's generator, once `set_vae` has named it."""

    vae: Any = None
    rng: Any = None
    theano_rng: Any = None

    def get_vae(self) -> Any:
        """The VAE that this is a part of, or None."""
        return self.vae

    def set_vae(self, vae: Any) -> None:
        """Make this a part of `vae`; takes a seed from its generator for a stream of its own."""
        self._check_init()
        if self.vae is not None:
            raise ConfigError(
                f"This {type(self).__name__} is a part of another VAE, or twice of this one. "
                "Make one for each place."
            )
        self.vae, self.rng = vae, vae.rng
        self.theano_rng = MRG_RandomStreams(int(vae.rng.randint(2**30)))


def gaussian_log_density(samples: Symbol, mu: Symbol, log_sigma: Symbol) -> Symbol:
    """The log density of a diagonal Gaussian, summed over the last axis."""
    scaled = (samples - mu) * pt.exp(-log_sigma)
    return hyper(-0.5) * (hyper(LOG_2_PI) + hyper(2.0) * log_sigma + pt.sqr(scaled)).sum(axis=-1)
