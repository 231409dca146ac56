"""Energies of restricted Boltzmann machines, written for any linear transform between the layers.

Every one has the form E(v, h) = visible_term(v) - sum_j h_j hidden_input(v)_j with h_j in {0, 1},
so the free energy is visible_term(v) - sum_j softplus(hidden_input(v)_j). Batches of visible and
hidden units are in their Spaces; an energy is a vector, one number an example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.space import VectorSpace
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.linear.linear_transform import LinearTransform
    from pylearn2core.space import SimplyTypedSpace
    from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
    from pylearn2core.types import Symbol


class RBMEnergy:
    """What the energies have in common.

    transformer: LinearTransform from the visible to the hidden units.
    bias_hid, bias_vis: shared variables or expressions, one example each.
    vis_space, hid_space: Spaces of the units; vectors if None.
    """

    def __init__(
        self,
        transformer: LinearTransform,
        bias_hid: Symbol,
        bias_vis: Symbol,
        vis_space: SimplyTypedSpace | None = None,
        hid_space: SimplyTypedSpace | None = None,
    ) -> None:
        self.transformer = transformer
        self.bias_hid, self.bias_vis = bias_hid, bias_vis
        n_vis, n_hid = _sizes(transformer)
        self.vis_space = VectorSpace(_size(bias_vis, n_vis)) if vis_space is None else vis_space
        self.hid_space = VectorSpace(_size(bias_hid, n_hid)) if hid_space is None else hid_space

    @classmethod
    def supports_vector_sigma(cls) -> bool:
        """Whether each visible unit may have a standard deviation of its own."""
        return False

    # Each energy's own ------------------------------------------------------------------------

    def visible_term(self, V: Symbol, bias: Symbol = None) -> Symbol:
        """The part of the energy that no hidden unit has a say in.    bias: bias_vis if None."""
        raise NotImplementedError

    def hidden_slope(self, V: Symbol) -> Symbol:
        """The part of `hidden_input` that is linear in V."""
        raise NotImplementedError

    def hidden_input(self, V: Symbol) -> Symbol:
        """The log odds of each hidden unit given V."""
        raise NotImplementedError

    def visible_input(self, H: Symbol) -> Symbol:
        """What the visible units get from H and their biases; `visible_mean` makes it a mean."""
        raise NotImplementedError

    def visible_mean(self, inputs: Symbol) -> Symbol:
        """The visible units' means for what `visible_input` gave."""
        raise NotImplementedError

    def sample_visible(self, mean: Symbol, rng: MRG_RandomStreams) -> Symbol:
        """Visible units drawn around their means.    rng: an MRG_RandomStreams."""
        raise NotImplementedError

    def log_partition_without_hidden(self, bias: Symbol) -> Symbol:
        """The logarithm of the sum, or integral, of exp(-visible_term(v, bias)); a scalar."""
        raise NotImplementedError

    # What follows from it ---------------------------------------------------------------------

    def energy(self, varlist: Sequence[Any]) -> Symbol:
        """The energy of each pair of rows of [V, H]; a vector."""
        V, H = varlist
        return self.visible_term(V) - self._over_hidden(H * self.hidden_input(V))

    def free_energy(self, V: Symbol) -> Symbol:
        """Return -log sum_h exp(-E(v, h)) of each row of V; a vector."""
        return self.visible_term(V) - self._over_hidden(pt.softplus(self.hidden_input(V)))

    def mean_H_given_V(self, V: Symbol) -> Symbol:
        """The probability of each hidden unit to be 1."""
        return pt.sigmoid(self.hidden_input(V))

    def mean_V_given_H(self, H: Symbol) -> Symbol:
        """The mean of each visible unit."""
        return self.visible_mean(self.visible_input(H))

    def log_P_H_given_V(self, H: Symbol, V: Symbol) -> Symbol:
        """The log probability of each row of H, in nats; a vector."""
        inputs = self.hidden_input(V)
        return self._over_hidden(H * inputs - pt.softplus(inputs))

    def reconstruct(self, V: Symbol) -> Symbol:
        """The visible units' means given the hidden units' means."""
        return self.mean_V_given_H(self.mean_H_given_V(V))

    def _vis_row(self, bias: Symbol) -> Symbol:
        return as_row(bias, self.vis_space)

    def _hid_row(self, bias: Symbol) -> Symbol:
        return as_row(bias, self.hid_space)

    def _over_visible(self, x: Symbol) -> Symbol:
        return per_example(x, self.vis_space)

    def _over_hidden(self, x: Symbol) -> Symbol:
        return per_example(x, self.hid_space)


class BinaryEnergy(RBMEnergy):
    """E(v, h) = -b'v - c'h - h'Wv, v in {0, 1}."""

    def visible_term(self, V: Symbol, bias: Symbol = None) -> Symbol:
        """Return -b'v."""
        return -self._over_visible(V * self._vis_row(self.bias_vis if bias is None else bias))

    def hidden_slope(self, V: Symbol) -> Symbol:
        """Return W v."""
        return self.transformer.lmul(V)

    def hidden_input(self, V: Symbol) -> Symbol:
        """Return c + W v."""
        return self._hid_row(self.bias_hid) + self.transformer.lmul(V)

    def visible_input(self, H: Symbol) -> Symbol:
        """Return b + W'h."""
        return self._vis_row(self.bias_vis) + self.transformer.lmul_T(H)

    def visible_mean(self, inputs: Symbol) -> Symbol:
        """The probability of each visible unit to be 1."""
        return pt.sigmoid(inputs)

    def sample_visible(self, mean: Symbol, rng: MRG_RandomStreams) -> Symbol:
        """Zeros and ones."""
        return rng.binomial(size=mean.shape, p=mean, dtype=mean.dtype)

    def log_partition_without_hidden(self, bias: Symbol) -> Symbol:
        """The sum of softplus(b_i)."""
        return pt.softplus(bias).sum()


class GRBMEnergy(RBMEnergy):
    """Real visible units; given h they are Gaussian and independent.

    sigma: their standard deviations: a scalar, or one for each unit; symbolic.
    """

    def __init__(
        self,
        transformer: LinearTransform,
        bias_hid: Symbol,
        bias_vis: Symbol,
        sigma: Symbol,
        vis_space: SimplyTypedSpace | None = None,
        hid_space: SimplyTypedSpace | None = None,
    ) -> None:
        super().__init__(transformer, bias_hid, bias_vis, vis_space, hid_space)
        self.sigma = sigma

    def _sigma_row(self) -> Symbol:
        """Sigma, to be multiplied with a batch of visible units."""
        return self._vis_row(self.sigma) if self.sigma.ndim else self.sigma

    def visible_mean(self, inputs: Symbol) -> Symbol:
        """The inputs themselves."""
        return inputs

    def sample_visible(self, mean: Symbol, rng: MRG_RandomStreams) -> Symbol:
        """The means with normal noise of standard deviation sigma."""
        noise = rng.normal(size=mean.shape, dtype=mean.dtype)
        return mean + self._sigma_row() * noise

    def score(self, V: Symbol) -> Symbol:
        """d log p(v) / dv = (reconstruction of v - v) / sigma^2, in V's shape."""
        return (self.reconstruct(V) - V) / pt.sqr(self._sigma_row())

    def score_divergence(self, V: Symbol) -> Symbol:
        """Return sum_i d score_i / d v_i of each row of V; a vector.

        It is sum_j p_j (1 - p_j) |d a_j / dv|^2 - sum_i 1 / sigma_i^2, a the hidden inputs.
        """
        units = self.vis_space.get_total_dimension()
        dtype = self.bias_vis.dtype
        vectors = VectorSpace(units, dtype=dtype)
        basis = vectors.np_format_as(np.eye(units, dtype=dtype), self.vis_space)
        slopes = self.hidden_slope(pt.constant(basis))
        axis = self.hid_space.get_batch_axis()
        norms = pt.sqr(slopes).sum(axis=axis, keepdims=True)
        p = self.mean_H_given_V(V)
        curvature = self._over_hidden(p * (hyper(1.0) - p) * norms)
        return curvature - self._units_over(pt.sqr(self.sigma))

    def _units_over(self, per_unit: Symbol) -> Symbol:
        """The sum over the visible units of 1 / per_unit."""
        return (self._ones() / per_unit).sum()

    def _ones(self) -> Symbol:
        bias = self.bias_vis
        if not hasattr(bias, "get_value"):  # an expression
            return pt.ones_like(bias)
        return pt.constant(np.ones_like(bias.get_value(borrow=True)))


class GRBM_Type_1(GRBMEnergy):  # noqa: N801 - Pylearn2's name
    """E(v, h) = (v'v / 2 - b'v - c'h - h'Wv) / sigma^2; sigma is one number.

    So p(v | h) = N(b + W'h, sigma^2), p(h = 1 | v) = sigmoid((c + W v) / sigma^2), and denoising
    score matching with noise of that sigma is a denoising autoencoder's squared error.
    """

    def visible_term(self, V: Symbol, bias: Symbol = None) -> Symbol:
        """Return (v'v / 2 - b'v) / sigma^2."""
        row = self._vis_row(self.bias_vis if bias is None else bias)
        return self._over_visible(hyper(0.5) * pt.sqr(V) - V * row) / pt.sqr(self.sigma)

    def hidden_slope(self, V: Symbol) -> Symbol:
        """Return W v / sigma^2."""
        return self.transformer.lmul(V) / pt.sqr(self.sigma)

    def hidden_input(self, V: Symbol) -> Symbol:
        """Return (c + W v) / sigma^2."""
        return (self._hid_row(self.bias_hid) + self.transformer.lmul(V)) / pt.sqr(self.sigma)

    def visible_input(self, H: Symbol) -> Symbol:
        """Return b + W'h."""
        return self._vis_row(self.bias_vis) + self.transformer.lmul_T(H)

    def log_partition_without_hidden(self, bias: Symbol) -> Symbol:
        """Return sum_i (log(2 pi) / 2 + log sigma + b_i^2 / (2 sigma^2))."""
        squares = hyper(0.5) * (pt.sqr(bias) / pt.sqr(self.sigma)).sum()
        return squares + _log_gaussians(self._ones(), self.sigma)


class GRBM_Type_2(GRBMEnergy):  # noqa: N801 - after its neighbour
    """E(v, h) = sum_i (v_i - b_i)^2 / (2 sigma_i^2) - c'h - h'W(v / sigma); a sigma for each unit.

    So p(v | h) = N(b + sigma W'h, sigma^2) and p(h = 1 | v) = sigmoid(c + W(v / sigma)).
    Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images", section 1.4.
    """

    @classmethod
    def supports_vector_sigma(cls) -> bool:
        """Yes."""
        return True

    def visible_term(self, V: Symbol, bias: Symbol = None) -> Symbol:
        """Return sum_i (v_i - b_i)^2 / (2 sigma_i^2)."""
        row = self._vis_row(self.bias_vis if bias is None else bias)
        return hyper(0.5) * self._over_visible(pt.sqr((V - row) / self._sigma_row()))

    def hidden_slope(self, V: Symbol) -> Symbol:
        """Return W(v / sigma)."""
        return self.transformer.lmul(V / self._sigma_row())

    def hidden_input(self, V: Symbol) -> Symbol:
        """Return c + W(v / sigma)."""
        return self._hid_row(self.bias_hid) + self.hidden_slope(V)

    def visible_input(self, H: Symbol) -> Symbol:
        """Return b + sigma W'h."""
        return self._vis_row(self.bias_vis) + self._sigma_row() * self.transformer.lmul_T(H)

    def log_partition_without_hidden(self, bias: Symbol) -> Symbol:
        """Return sum_i (log(2 pi) / 2 + log sigma_i)."""
        return _log_gaussians(self._ones(), self.sigma)


def grbm_type_1() -> type[GRBM_Type_1]:
    """The class, as `energy_function_class: !obj:...grbm_type_1 {}` asks for it."""
    return GRBM_Type_1


def grbm_type_2() -> type[GRBM_Type_2]:
    """The class, as `energy_function_class: !obj:...grbm_type_2 {}` asks for it."""
    return GRBM_Type_2


def as_row(bias: Symbol, space: SimplyTypedSpace) -> Symbol:
    """One example of `space` with a batch axis of length 1, to be added to a batch."""
    axis = space.get_batch_axis()
    order: list[Any] = list(range(bias.ndim))
    return bias.dimshuffle(*order[:axis], "x", *order[axis:])


def per_example(x: Symbol, space: SimplyTypedSpace) -> Symbol:
    """The sum of each example of a batch in `space`; a vector."""
    axis = space.get_batch_axis()
    return x.sum(axis=[other for other in range(x.ndim) if other != axis])


def _size(bias: Symbol, units: int | None) -> int:
    """How many units a bias is for. units: as the transformer has it, for one that is no shared."""
    if hasattr(bias, "get_value"):
        return int(bias.get_value(borrow=True).size)
    if units is None:
        raise ConfigError(
            f"an RBM's energy: the bias {bias} is an expression, and the transformer has no "
            "matrix, so the number of units isn't known. Give vis_space and hid_space."
        )
    return units


def _sizes(transformer: LinearTransform) -> tuple[int | None, int | None]:
    """(visible, hidden) units of a dense transformer; None where it is none."""
    params = transformer.get_params() if hasattr(transformer, "get_params") else []
    shape: tuple[int, ...] = ()
    if len(params) == 1:
        shape = params[0].get_value(borrow=True).shape
    return (shape[0], shape[1]) if len(shape) == 2 else (None, None)


def _log_gaussians(ones: Symbol, sigma: Symbol) -> Symbol:
    """The sum of the log normalisers of normal distributions, one for each of `ones`."""
    half = 0.5 * math.log(2 * math.pi)
    return (ones * (pt.log(sigma) + hyper(half))).sum()
