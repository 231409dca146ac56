"""The restricted Boltzmann machine with binary units."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
from scipy.special import logit

from pylearn2core.blocks import Block
from pylearn2core.energy_functions.rbm_energy import BinaryEnergy, per_example
from pylearn2core.errors import ConfigError
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.models.model import Model
from pylearn2core.rng import make_np_rng
from pylearn2core.space import VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils import safe_union, sharedX

if TYPE_CHECKING:
    from pylearn2core.linear.linear_transform import LinearTransform
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.space import DataSpecs, SimplyTypedSpace
    from pylearn2core.types import Array, SeedOrRng, Symbol

log = logging.getLogger(__name__)

DEFAULT_SEED = 1001
CHANNEL_SEED = 42


class RBM(Model, Block):
    """Binary visible and hidden units that a linear transform connects.

    nvis, nhid: numbers of units of a dense RBM; or vis_space, hid_space and transformer: Spaces of
    the units and a LinearTransform from the one to the other (its own `input_space` and
    `output_space` where the Spaces are left out).
    irange: dense weights are drawn from U(-irange, irange).
    rng: a RandomState, or the seed of one; 1001 if None.
    init_bias_vis, init_bias_hid: a number, or one for each unit.
    init_bias_vis_marginals: a dataset, from whose means the visible biases start.
    random_patches_src: an array or a dataset; `nhid` of its rows, times irange, are the first
    weights.
    base_lr, anneal_start, nchains, sml_gibbs_steps, monitor_reconstruction: taken for the sake of
    Pylearn2's files, without effect: a cost trains the model, and reconstruction_error is always
    a channel.
    Parameters: the transformer's, bias_vis, bias_hid.
    Channels: bias_hid, bias_vis, h (over units, of their mean over the batch), each with _min,
    _mean and _max; reconstruction_error.
    """

    # Score matching is for densities.
    has_real_visibles = False
    vis_space: SimplyTypedSpace
    hid_space: SimplyTypedSpace

    def __init__(
        self,
        nvis: int | None = None,
        nhid: int | None = None,
        vis_space: SimplyTypedSpace | None = None,
        hid_space: SimplyTypedSpace | None = None,
        transformer: LinearTransform | None = None,
        irange: float = 0.5,
        rng: SeedOrRng | None = None,
        init_bias_vis: Any = None,
        init_bias_vis_marginals: MatrixLike | None = None,
        init_bias_hid: Any = 0.0,
        base_lr: float = 1e-3,
        anneal_start: int | None = None,
        nchains: int = 100,
        sml_gibbs_steps: int = 1,
        random_patches_src: Any = None,
        monitor_reconstruction: bool = False,
    ) -> None:
        super().__init__()
        self.nvis, self.nhid = nvis, nhid
        self.rng = make_np_rng(rng, DEFAULT_SEED, which_method=["uniform", "randn"])
        _warn_of_unused(base_lr, anneal_start, nchains, sml_gibbs_steps, monitor_reconstruction)
        self.base_lr, self.anneal_start = base_lr, anneal_start
        self.nchains, self.sml_gibbs_steps = nchains, sml_gibbs_steps
        if nvis is not None or nhid is not None or transformer is None:
            self._connect_densely(vis_space, hid_space, transformer, irange, random_patches_src)
        else:
            self.transformer = transformer
            self.vis_space = _own(vis_space, transformer, "input_space", "vis_space")
            self.hid_space = _own(hid_space, transformer, "output_space", "hid_space")
        if init_bias_vis_marginals is not None:
            if init_bias_vis is not None:
                raise ConfigError("init_bias_vis and init_bias_vis_marginals: give one of the two.")
            init_bias_vis = _log_odds(init_bias_vis_marginals, self.vis_space)
        start = 0.0 if init_bias_vis is None else init_bias_vis
        self.bias_vis = _biases(start, self.vis_space, "bias_vis")
        self.bias_hid = _biases(init_bias_hid, self.hid_space, "bias_hid")
        self.input_space, self.output_space = self.vis_space, self.hid_space
        self._params = safe_union(self.transformer.get_params(), [self.bias_vis, self.bias_hid])
        self.energy_function = self._make_energy()

    def _connect_densely(
        self,
        vis_space: SimplyTypedSpace | None,
        hid_space: SimplyTypedSpace | None,
        transformer: LinearTransform | None,
        irange: float,
        patches: Any,
    ) -> None:
        for name, value in (("nvis", self.nvis), ("nhid", self.nhid)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ConfigError(
                    f"{name}: expected an integer > 0, got {value!r}. Give nvis and nhid, or "
                    "vis_space, hid_space and transformer."
                )
        if vis_space is not None or hid_space is not None:
            raise ConfigError(
                "nvis and nhid: leave them out where vis_space and hid_space are given."
            )
        assert self.nvis is not None
        assert self.nhid is not None
        self.vis_space, self.hid_space = VectorSpace(self.nvis), VectorSpace(self.nhid)
        if transformer is None:
            weights = self._first_weights(irange, patches)
            transformer = MatrixMul(sharedX(weights, name="W"))
        self.transformer = transformer

    def _first_weights(self, irange: float, patches: Any) -> Array:
        """Numbers of shape (nvis, nhid)."""
        assert self.nvis is not None
        assert self.nhid is not None
        shape = (self.nvis, self.nhid)
        if patches is None:
            return self.rng.uniform(-irange, irange, shape)
        rows = patches if hasattr(patches, "__array__") else patches.get_batch_design(self.nhid)
        weights = irange * np.asarray(rows).T
        if weights.shape != shape:
            raise ConfigError(
                f"random_patches_src: expected {self.nhid} rows of {self.nvis} numbers, got an "
                f"array of shape {weights.T.shape}."
            )
        return weights

    def _make_energy(self) -> Any:
        """The energy function of the units and parameters."""
        return BinaryEnergy(
            self.transformer, self.bias_hid, self.bias_vis, self.vis_space, self.hid_space
        )

    # What a Model has -------------------------------------------------------------------------

    def get_input_space(self) -> SimplyTypedSpace:
        """The visible units' Space."""
        return self.vis_space

    def get_output_space(self) -> SimplyTypedSpace:
        """The hidden units' Space."""
        return self.hid_space

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """The transformer's."""
        scalers: OrderedDict[Symbol, float] = self.transformer.get_lr_scalers()
        return scalers

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        self.transformer.modify_updates(updates)

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the transformer."""
        self.transformer.set_batch_size(batch_size)

    def get_weights(self, borrow: bool = False) -> Array:
        """The transformer's parameter; of a dense RBM the weights, shape (nvis, nhid)."""
        (weights,) = self.transformer.get_params()
        values: Array = weights.get_value(borrow=borrow)
        return values

    def get_weights_topo(self) -> Array:
        """The transformer's filters as images."""
        return self.transformer.get_weights_topo()

    def __getstate__(self) -> dict[str, Any]:
        state = Model.__getstate__(self)
        state.pop("_compiled", None)
        return state

    def get_monitoring_data_specs(self) -> DataSpecs:
        """The inputs."""
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """Biases, mean activities and the reconstruction error."""
        self.vis_space.validate(data)
        axis = self.hid_space.get_batch_axis()
        values = {
            "bias_hid": self.bias_hid,
            "bias_vis": self.bias_vis,
            "h": self.mean_h_given_v(data).mean(axis=axis),
        }
        channels: OrderedDict[str, Symbol] = OrderedDict()
        for name, value in values.items():
            for statistic in ("min", "mean", "max"):
                channels[f"{name}_{statistic}"] = getattr(value, statistic)()
        rng = MRG_RandomStreams(CHANNEL_SEED)
        channels["reconstruction_error"] = self.reconstruction_error(data, rng)
        return channels

    # Energies ---------------------------------------------------------------------------------

    def free_energy(self, V: Symbol) -> Symbol:
        """Return -log of the unnormalised probability of each row of V; a vector."""
        return self.energy_function.free_energy(V)

    def free_energy_given_v(self, v: Symbol) -> Symbol:
        """The same."""
        return self.free_energy(v)

    def free_energy_given_h(self, h: Symbol) -> Symbol:
        """The free energy of each row of h, the visible units summed over; a vector."""
        inputs = pt.softplus(self.input_to_v_from_h(h))
        biases = per_example(h * self.energy_function._hid_row(self.bias_hid), self.hid_space)
        return -biases - per_example(inputs, self.vis_space)

    def pseudo_log_likelihood(self, data: Symbol, **kwargs: Any) -> Symbol:
        """Mean over examples of sum_i log p(v_i | the other units), in nats; v in {0, 1}.

        Every unit of every example is flipped once: it costs nvis times a free energy.
        Source: Besag 1975.
        """
        units = self.vis_space.get_total_dimension()
        vectors = VectorSpace(units, dtype=self.bias_vis.dtype)
        rows = self.vis_space.format_as(data, vectors)
        flip = np.eye(units, dtype=self.bias_vis.dtype)
        flipped = pt.abs(rows[:, None, :] - flip[None]).reshape((-1, units))
        there = self.free_energy(vectors.format_as(flipped, self.vis_space))
        gain = there.reshape((-1, units)) - self.free_energy(data)[:, None]
        value = -pt.softplus(-gain).sum(axis=1).mean()
        value.name = "pseudo_log_likelihood"
        return value

    # Between the layers -----------------------------------------------------------------------

    def input_to_h_from_v(self, v: Symbol) -> Symbol:
        """The log odds of each hidden unit; a list of batches gives a list."""
        if isinstance(v, list | tuple):
            return [self.input_to_h_from_v(each) for each in v]
        return self.energy_function.hidden_input(v)

    def input_to_v_from_h(self, h: Symbol) -> Symbol:
        """What each visible unit gets from h and its bias; a list of batches gives a list."""
        if isinstance(h, list | tuple):
            return [self.input_to_v_from_h(each) for each in h]
        return self.energy_function.visible_input(h)

    def mean_h_given_v(self, v: Symbol) -> Symbol:
        """The probability of each hidden unit to be 1; a list of batches gives a list."""
        if isinstance(v, list | tuple):
            return [self.mean_h_given_v(each) for each in v]
        return self.energy_function.mean_H_given_V(v)

    def mean_v_given_h(self, h: Symbol) -> Symbol:
        """The mean of each visible unit; a list of batches gives a list."""
        if isinstance(h, list | tuple):
            return [self.mean_v_given_h(each) for each in h]
        return self.energy_function.mean_V_given_H(h)

    def __call__(self, v: Symbol) -> Symbol:
        """The hidden units' means."""
        return self.mean_h_given_v(v)

    def upward_pass(self, v: Symbol) -> Symbol:
        """The hidden units' means, under the name that a PretrainedLayer asks for."""
        return self.mean_h_given_v(v)

    def reconstruct(self, v: Symbol) -> Symbol:
        """The visible units' means given the hidden units' means."""
        return self.energy_function.reconstruct(v)

    def ml_gradients(self, pos_v: Symbol, neg_v: Symbol) -> list[Symbol]:
        """The likelihood's gradients from data and from the model's own draws.

        The gradients, in the order of get_params, of the mean free energy of the visible units
        pos_v less that of neg_v.
        """
        params = self.get_params()
        cost = self.free_energy(pos_v).mean() - self.free_energy(neg_v).mean()
        found: list[Symbol] = pt.grad(cost, params, consider_constant=[pos_v, neg_v])
        return found

    # Sampling ---------------------------------------------------------------------------------

    def sample_visibles(self, params: Any, shape: Any, rng: MRG_RandomStreams) -> Symbol:
        """Visible units given the hidden ones.

        params: [their means].    shape: of the batch, or None: that of the means.
        rng: an MRG_RandomStreams.
        """
        return self.energy_function.sample_visible(params[0], rng)

    def sample_hiddens(self, h_mean: Symbol, rng: MRG_RandomStreams) -> Symbol:
        """Hidden units, zeros and ones, given their means."""
        return rng.binomial(size=h_mean.shape, p=h_mean, dtype=h_mean.dtype)

    def gibbs_step_for_v(self, v: Symbol, rng: MRG_RandomStreams) -> tuple[Any, dict[str, Any]]:
        """One step of block Gibbs sampling from v: (the new v, what was on the way).

        On the way: h_mean, h_sample, v_mean, v_sample.
        """
        h_mean = self.mean_h_given_v(v)
        h_sample = self.sample_hiddens(h_mean, rng)
        v_mean = self.mean_v_given_h(h_sample)
        v_sample = self.sample_visibles([v_mean], None, rng)
        way = {"h_mean": h_mean, "h_sample": h_sample, "v_mean": v_mean, "v_sample": v_sample}
        return v_sample, way

    def reconstruction_error(self, v: Symbol, rng: MRG_RandomStreams) -> Symbol:
        """Squared error of the visible means after h was drawn: sum over units, mean over rows."""
        _, way = self.gibbs_step_for_v(v, rng)
        return per_example(pt.sqr(way["v_mean"] - v), self.vis_space).mean()


def _own(
    space: SimplyTypedSpace | None, transformer: LinearTransform, attribute: str, argument: str
) -> Any:
    """The Space that was given, or the transformer's own. Raises ConfigError where they differ."""
    own = getattr(transformer, attribute, None)
    found = own if space is None else space
    if found is None:
        raise ConfigError(
            f"{argument}: a {type(transformer).__name__} does not know its Spaces; give {argument}."
        )
    if own is not None and own != found:
        raise ConfigError(
            f"{argument}: the transformer's {attribute} is {own}, but {argument} is {found}."
        )
    return found


def _warn_of_unused(*given: object) -> None:
    if given != (1e-3, None, 100, 1, False):
        log.warning(
            "base_lr, anneal_start, nchains, sml_gibbs_steps and monitor_reconstruction of an RBM "
            "do nothing here: SGD and a cost of costs.ebm_estimation train it. Give SGD the "
            "learning rate, and the cost the number of steps and chains."
        )


def _biases(value: Any, space: SimplyTypedSpace, name: str) -> Symbol:
    """A shared variable of one example of `space`."""
    origin = space.get_origin()
    try:
        values = np.broadcast_to(np.asarray(value, dtype=float), origin.shape)
    except ValueError:
        raise ConfigError(
            f"init_{name}: expected a number or an array of shape {origin.shape}, got one of shape "
            f"{np.shape(value)}."
        ) from None
    return sharedX(values, name=name)


def _log_odds(dataset: MatrixLike, space: SimplyTypedSpace) -> Array:
    """The log odds of the means of a dataset of numbers in [0, 1]; one example of `space`."""
    X = np.asarray(dataset.get_design_matrix(), dtype=float)
    if X.min() < 0 or X.max() > 1:
        raise ConfigError(
            f"init_bias_vis_marginals: expected numbers in [0, 1], got {X.min():g} to {X.max():g}."
        )
    odds = logit(0.01 + 0.98 * X.mean(axis=0, keepdims=True))
    vectors = VectorSpace(space.get_total_dimension(), dtype="float64")
    batch = vectors.np_format_as(odds, space)
    values: Array = np.take(batch, 0, axis=space.get_batch_axis())
    return values
