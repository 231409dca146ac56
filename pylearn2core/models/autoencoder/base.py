"""Autoencoders: encode, decode, and be judged by what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.blocks import Block
from pylearn2core.errors import ConfigError
from pylearn2core.models.autoencoder.activation import activation
from pylearn2core.models.model import Model
from pylearn2core.rng import make_np_rng
from pylearn2core.space import VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pylearn2core.space import Space
    from pylearn2core.types import Array, SeedOrRng, Symbol

DEFAULT_SEED = 9001


class AbstractAutoencoder(Model, Block):
    """What encodes inputs and decodes them again."""

    def encode(self, inputs: Symbol) -> Symbol:
        """The hidden values, shape (batch, nhid); a list of inputs gives a list."""
        raise self._lacks("encode")

    def decode(self, hiddens: Symbol) -> Symbol:
        """What hidden values stand for, shape (batch, nvis); a list gives a list."""
        raise self._lacks("decode")

    def reconstruct(self, inputs: Symbol) -> Symbol:
        """The inputs, encoded and decoded."""
        return self.decode(self.encode(inputs))

    def __call__(self, inputs: Symbol) -> Symbol:
        """The hidden values."""
        return self.encode(inputs)

    def upward_pass(self, inputs: Symbol) -> Symbol:
        """The hidden values, under the name that a PretrainedLayer asks for."""
        return self.encode(inputs)

    def __getstate__(self) -> dict[str, Any]:
        state = Model.__getstate__(self)
        state.pop("_compiled", None)
        return state

    def get_input_space(self) -> Space:
        """The visible units' Space."""
        return Model.get_input_space(self)

    def get_output_space(self) -> Space:
        """The hidden units' Space."""
        return Model.get_output_space(self)


class Autoencoder(AbstractAutoencoder):
    """Hidden h = act_enc(x W + hb); reconstruction act_dec(h W' + vb).

    nvis, nhid: numbers of visible and hidden units.
    act_enc, act_dec: functions, names of them ('sigmoid', 'tanh' ...), or None for linear.
    tied_weights: true for W' the transpose of W, else a matrix of its own.
    irange: W is drawn from U(-irange, irange).    istdev: or from N(0, istdev^2).
    rng: a RandomState, or the seed of one; 9001 if None.
    """

    def __init__(
        self,
        nvis: int,
        nhid: int,
        act_enc: Any,
        act_dec: Any,
        tied_weights: bool = False,
        irange: float = 1e-3,
        istdev: float | None = None,
        rng: SeedOrRng = DEFAULT_SEED,
    ) -> None:
        super().__init__()
        for name, value in (("nvis", nvis), ("nhid", nhid)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ConfigError(f"{name}: expected an integer > 0, got {value!r}.")
        self.nhid = int(nhid)
        self.irange, self.istdev = irange, istdev
        self.tied_weights = tied_weights
        self.act_enc = activation(act_enc, "act_enc")
        self.act_dec = activation(act_dec, "act_dec")
        self.rng = make_np_rng(rng, DEFAULT_SEED, which_method=["randn", "uniform"])
        self.hidbias = sharedX(np.zeros(self.nhid), name="hb")
        self.set_visible_size(int(nvis))

    def set_visible_size(self, nvis: int, rng: RandomState | None = None) -> None:
        """Draw the weights for that many visible units."""
        rng = self.rng if rng is None else rng
        self.nvis = nvis
        self.input_space, self.output_space = VectorSpace(nvis), VectorSpace(self.nhid)
        self.visbias = sharedX(np.zeros(nvis), name="vb")
        if self.istdev is None:
            weights = rng.uniform(-self.irange, self.irange, (nvis, self.nhid))
        else:
            weights = rng.randn(nvis, self.nhid) * self.istdev
        self.weights = sharedX(weights, name="W")
        self.s_rng = MRG_RandomStreams(int(rng.randint(2**30)))
        self._params = [self.visbias, self.hidbias, self.weights]
        if self.tied_weights:
            self.w_prime = self.weights.T
        else:
            # Pylearn2's own range: half as wide as that of W.
            second = (0.5 - rng.rand(self.nhid, nvis)) * self.irange
            self.w_prime = sharedX(second, name="Wprime")
            self._params.append(self.w_prime)

    def _hidden_input(self, x: Symbol) -> Symbol:
        """Return x W + hb, shape (batch, nhid)."""
        return pt.dot(x, self.weights) + self.hidbias

    def _hidden_activation(self, x: Symbol) -> Symbol:
        return _applied(self.act_enc, self._hidden_input(x))

    def encode(self, inputs: Symbol) -> Symbol:
        """The hidden values, shape (batch, nhid); a list of inputs gives a list."""
        if isinstance(inputs, list | tuple):
            return [self.encode(each) for each in inputs]
        return self._hidden_activation(inputs)

    def decode(self, hiddens: Symbol) -> Symbol:
        """What hidden values stand for, shape (batch, nvis); a list gives a list."""
        if isinstance(hiddens, list | tuple):
            return [self.decode(each) for each in hiddens]
        return _applied(self.act_dec, pt.dot(hiddens, self.w_prime) + self.visbias)

    def get_weights(self, borrow: bool = False) -> Array:
        """W's value, shape (nvis, nhid)."""
        values: Array = self.weights.get_value(borrow=borrow)
        return values


def _applied(function: Callable[[Any], Any] | None, x: Symbol) -> Symbol:
    return x if function is None else function(x)
