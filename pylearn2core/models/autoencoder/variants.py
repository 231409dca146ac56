"""Autoencoders that are trained against noise, or for small derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.autoencoder.base import DEFAULT_SEED, Autoencoder, _applied
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import SeedOrRng, Symbol


class DenoisingAutoencoder(Autoencoder):
    """Reconstructs from inputs to which a corruptor has added noise.

    corruptor: a pylearn2core.corruption.Corruptor.    The other arguments as Autoencoder's.
    Source: Vincent et al. 2008.
    """

    def __init__(
        self,
        corruptor: Any,
        nvis: int,
        nhid: int,
        act_enc: Any,
        act_dec: Any,
        tied_weights: bool = False,
        irange: float = 1e-3,
        istdev: float | None = None,
        rng: SeedOrRng = DEFAULT_SEED,
    ) -> None:
        super().__init__(nvis, nhid, act_enc, act_dec, tied_weights, irange, istdev, rng)
        self.corruptor = corruptor

    def reconstruct(self, inputs: Symbol) -> Symbol:
        """The noisy inputs, encoded and decoded."""
        return super().reconstruct(self.corruptor(inputs))


class ContractiveAutoencoder(Autoencoder):
    """Has a penalty on the derivatives of the hidden values; arguments as Autoencoder's.

    Train it with a MethodCost of `contraction_penalty` beside a reconstruction error.
    Source: Rifai et al. 2011.
    """

    def _activation_grad(self, inputs: Symbol) -> Symbol:
        """d h_j / d (x W + hb)_j, shape (batch, nhid)."""
        before = self._hidden_input(inputs)
        return pytensor.grad(_applied(self.act_enc, before).sum(), before)

    def jacobian_h_x(self, inputs: Symbol) -> Symbol:
        """d h_j / d x_i, shape (batch, nvis, nhid)."""
        return self.weights[None, :, :] * self._activation_grad(inputs)[:, None, :]

    def contraction_penalty(self, data: Symbol) -> Symbol:
        """Mean over examples of sum_ij (d h_j / d x_i)^2."""
        squares = pt.sqr(self._activation_grad(data))
        penalty = pt.dot(squares, pt.sqr(self.weights).sum(axis=0)).mean()
        penalty.name = None  # "mean" would become a part of the channel's name: `term_1_mean`
        return penalty

    def contraction_penalty_data_specs(self) -> DataSpecs:
        """(space, source) of the inputs."""
        return self.get_input_space(), self.get_input_source()


class HigherOrderContractiveAutoencoder(ContractiveAutoencoder):
    """Also has a penalty on how the derivatives change near each input.

    corruptor: makes the neighbours.    num_corruptions: how many.
    Source: Rifai et al. 2011, "Higher order contractive auto-encoder".
    """

    def __init__(
        self,
        corruptor: Any,
        num_corruptions: int,
        nvis: int,
        nhid: int,
        act_enc: Any,
        act_dec: Any,
        tied_weights: bool = False,
        irange: float = 1e-3,
        istdev: float | None = None,
        rng: SeedOrRng = DEFAULT_SEED,
    ) -> None:
        super().__init__(nvis, nhid, act_enc, act_dec, tied_weights, irange, istdev, rng)
        if num_corruptions < 1:
            raise ConfigError(f"num_corruptions: expected 1 or more, got {num_corruptions}.")
        self.corruptor = corruptor
        self.num_corruptions = num_corruptions

    def higher_order_penalty(self, data: Symbol) -> Symbol:
        """Mean square difference between the Jacobian here and at the neighbours."""
        here = self.jacobian_h_x(data)
        nearby = [self.jacobian_h_x(self.corruptor(data)) for _ in range(self.num_corruptions)]
        return pt.sqr(pt.stack([here - there for there in nearby])).mean()

    def higher_order_penalty_data_specs(self) -> DataSpecs:
        """(space, source) of the inputs."""
        return self.get_input_space(), self.get_input_source()


class UntiedAutoencoder(Autoencoder):
    """Starts from a trained autoencoder with tied weights, and unties them.

    base: the trained one; its parameters are copied. Its hidden biases become the hidden biases
    (Pylearn2 took the visible ones, which worked for nhid = nvis alone).
    """

    def __init__(self, base: Autoencoder) -> None:
        if not isinstance(base, Autoencoder) or not base.tied_weights:
            raise ConfigError(
                f"UntiedAutoencoder: base must be an Autoencoder with tied weights, got {base!r}."
            )
        super().__init__(
            base.nvis, base.nhid, base.act_enc, base.act_dec, tied_weights=False, rng=base.rng
        )
        W = np.asarray(base.weights.get_value())
        self.weights = sharedX(W, name="weights")
        self.visbias = sharedX(base.visbias.get_value(), name="vb")
        self.hidbias = sharedX(base.hidbias.get_value(), name="hb")
        self.w_prime = sharedX(W.T, name="w_prime")
        self._params = [self.visbias, self.hidbias, self.weights, self.w_prime]
