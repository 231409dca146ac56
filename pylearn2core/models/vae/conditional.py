"""Conditional distributions whose parameters an MLP computes: p(x | z) and q(z | x) of a VAE."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, CompositeLayer, Linear
from pylearn2core.models.vae.distribution import Distribution, gaussian_log_density
from pylearn2core.space import CompositeSpace, VectorSpace

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol

Params = tuple[Any, ...]

# How far from 0 the weights of an output layer that a Conditional adds are drawn.
IRANGE = 0.01


class Conditional(Distribution):
    """A distribution of a vector a, given b: an MLP maps b to its parameters.

    mlp: an MLP without nvis, input_space or seed, which the VAE gives it.
    name: prefix of the parameters' names and of the channels; each of a VAE needs its own.
    output_layer_required: true to put a linear layer for the parameters on top of the MLP, false
        where the MLP's top layer gives them.
    """

    def __init__(self, mlp: MLP, name: str, output_layer_required: bool = True) -> None:
        super().__init__()
        if not isinstance(mlp, MLP):
            raise ConfigError(f"{type(self).__name__} {name!r}: mlp must be an MLP, got {mlp!r}.")
        if "input_space" in mlp.__dict__:
            raise ConfigError(
                f"{type(self).__name__} {name!r}: its mlp has an input space already. Leave nvis "
                "and input_space out: the VAE knows them."
            )
        self.mlp, self.name = mlp, name
        self.output_layer_required = output_layer_required

    # What a kind of distribution says of itself -----------------------------------------------

    def _get_default_output_layer(self) -> Any:
        """A layer that gives the parameters of `self.ndim` numbers."""
        raise self._lacks("_get_default_output_layer; give it an MLP that ends with one")

    def _get_required_mlp_output_space(self) -> Any:
        """The Space of the parameters."""
        raise self._lacks("_get_required_mlp_output_space")

    def monitoring_channels_from_conditional_params(
        self, conditional_params: Params
    ) -> OrderedDict[str, Symbol]:
        """Channels of the parameters; none by default."""
        return OrderedDict()

    def conditional_expectation(self, conditional_params: Params) -> Symbol:
        """The mean of a, shape (..., ndim)."""
        raise self._lacks("conditional_expectation")

    def sample_from_conditional(
        self, conditional_params: Params, epsilon: Symbol = None, num_samples: Any = None
    ) -> Symbol:
        """Draws of a.

        epsilon: noise from sample_from_epsilon, through which gradients reach the parameters;
        shape (batch, ndim), or (samples, batch, ndim) for several draws a row.
        num_samples: without epsilon, the number of rows of the parameters, one draw each.
        """
        raise self._lacks("sample_from_conditional")

    def sample_from_epsilon(self, shape: Any) -> Symbol:
        """Noise for sample_from_conditional."""
        raise self._lacks("sample_from_epsilon: its draws are no smooth function of noise")

    def log_conditional(self, samples: Symbol, conditional_params: Params) -> Symbol:
        """The log probability of each sample.

        samples: shape (..., ndim); the result lacks the last axis. The parameters broadcast.
        """
        raise self._lacks("log_conditional")

    # The MLP ----------------------------------------------------------------------------------

    def initialize_parameters(self, input_space: Space, ndim: int) -> None:
        """Draw the MLP's weights.  input_space: of b.    ndim: length of a."""
        self.ndim, self.input_space = ndim, input_space
        if self.vae.batch_size is not None:
            self.mlp.set_batch_size(self.vae.batch_size)
        if self.output_layer_required:
            self.mlp.add_layers([self._get_default_output_layer()])
        self.mlp.set_mlp(self)
        self.mlp.set_input_space(input_space)
        self._check_output_space()
        self._params = self.mlp.get_params()
        for param in self._params:
            param.name = f"{self.name}_{param.name}"

    def _check_output_space(self) -> None:
        wanted, found = self._get_required_mlp_output_space(), self.mlp.get_output_space()
        if found != wanted:
            raise ConfigError(
                f"{type(self).__name__} {self.name!r}: its mlp gives {found}, expected {wanted}. "
                "End it with a layer that gives that, or set output_layer_required: 1."
            )

    def encode_conditional_params(self, X: Symbol) -> Params:
        """The distribution's parameters for a batch of b."""
        params = self.mlp.fprop(X)
        return params if isinstance(params, tuple) else (params,)

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the MLP the batch size."""
        self.mlp.set_batch_size(batch_size)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """The MLP's factors of the learning rate."""
        return self.mlp.get_lr_scalers()

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        self.mlp.modify_updates(updates)

    def get_weights(self) -> Array:
        """The weights of the MLP's first layer."""
        return self.mlp.get_weights()

    def _count(self, num_samples: Any) -> Any:
        if num_samples is None:
            raise ValueError(
                f"{type(self).__name__}.sample_from_conditional needs epsilon or num_samples, the "
                "number of rows."
            )
        return num_samples


class BernoulliVector(Conditional):
    """Independent numbers that are 0 or 1.

    Its one parameter is the logits, shape (batch, ndim). Data between 0 and 1 may be given too:
    log_conditional is then minus the cross-entropy.
    """

    def _get_default_output_layer(self) -> Any:
        return Linear(dim=self.ndim, layer_name="mu", irange=IRANGE)

    def _get_required_mlp_output_space(self) -> Any:
        return VectorSpace(self.ndim)

    def conditional_expectation(self, conditional_params: Params) -> Symbol:
        """The probabilities of 1."""
        return pt.sigmoid(conditional_params[0])

    def sample_from_conditional(
        self, conditional_params: Params, epsilon: Symbol = None, num_samples: Any = None
    ) -> Symbol:
        """Zeros and ones, shape (num_samples, ndim). Raises ValueError where epsilon is given."""
        if epsilon is not None:
            raise ValueError(
                "BernoulliVector can't be sampled through epsilon: a 0 or 1 is no smooth function "
                "of it. Give num_samples."
            )
        shape = (self._count(num_samples), self.ndim)
        probabilities = self.conditional_expectation(conditional_params)
        uniform = self.theano_rng.uniform(size=shape)
        return (uniform < probabilities).astype(uniform.dtype)

    def log_conditional(self, samples: Symbol, conditional_params: Params) -> Symbol:
        """The log probability of each sample, from the logits: probabilities saturate."""
        (logits,) = conditional_params
        return (samples * logits - pt.softplus(logits)).sum(axis=-1)


class DiagonalGaussian(Conditional):
    """Independent normal numbers.

    Its parameters are the means and the logarithms of the standard deviations, shape (batch, ndim)
    each.
    """

    def _get_default_output_layer(self) -> Any:
        parts = [
            Linear(dim=self.ndim, layer_name=name, irange=IRANGE) for name in ("mu", "log_sigma")
        ]
        return CompositeLayer(layer_name="conditional", layers=parts)

    def _get_required_mlp_output_space(self) -> Any:
        return CompositeSpace([VectorSpace(self.ndim), VectorSpace(self.ndim)])

    def monitoring_channels_from_conditional_params(
        self, conditional_params: Params
    ) -> OrderedDict[str, Symbol]:
        """`<name>_sigma_{min,max,mean,std}`: of the standard deviations."""
        sigma = pt.exp(conditional_params[1])
        return OrderedDict(
            (f"{self.name}_sigma_{kind}", getattr(sigma, kind)())
            for kind in ("min", "max", "mean", "std")
        )

    def conditional_expectation(self, conditional_params: Params) -> Symbol:
        """The means."""
        return conditional_params[0]

    def sample_from_conditional(
        self, conditional_params: Params, epsilon: Symbol = None, num_samples: Any = None
    ) -> Symbol:
        """Draws of a, of the shape of epsilon; without it (num_samples, ndim)."""
        if epsilon is None:
            epsilon = self.sample_from_epsilon((self._count(num_samples), self.ndim))
        mu, log_sigma = conditional_params
        return mu + pt.exp(log_sigma) * epsilon

    def sample_from_epsilon(self, shape: Any) -> Symbol:
        """Standard normal noise."""
        return self.theano_rng.normal(size=shape)

    def log_conditional(self, samples: Symbol, conditional_params: Params) -> Symbol:
        """The log density of each sample."""
        return gaussian_log_density(samples, *conditional_params)
