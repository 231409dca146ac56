"""The variational autoencoder."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.reshape import join_dims, split_dims

from pylearn2core.errors import ConfigError
from pylearn2core.models.model import Model
from pylearn2core.models.vae.conditional import Conditional, Params
from pylearn2core.models.vae.kl import KLIntegrator, find_integrator_for
from pylearn2core.models.vae.prior import Prior
from pylearn2core.rng import make_np_rng
from pylearn2core.space import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Array, Seed, Symbol

DEFAULT_SEED = 2043


class VAE(Model):
    """Latent units z with prior p(z), data p(x | z), and q(z | x) in place of p(z | x).

    nvis, nhid: numbers of visible and latent units.
    prior: p(z).    conditional: p(x | z), of nvis units.    posterior: q(z | x), of nhid units.
    learn_prior: false to leave the prior as it starts.
    kl_integrator: a formula for KL(q || p(z)); the one that fits if None. Where none fits, the
        divergence is estimated from the samples.
    batch_size: told to the MLPs; needed where one has a layer that must know it.
    seed: of the generator that draws the weights and seeds the noise; 2043 if None.
    Source: Kingma and Welling 2014.
    """

    def __init__(
        self,
        nvis: int,
        prior: Prior,
        conditional: Conditional,
        posterior: Conditional,
        nhid: int,
        learn_prior: bool = True,
        kl_integrator: KLIntegrator | None = None,
        batch_size: int | None = None,
        seed: Seed | None = None,
    ) -> None:
        super().__init__()
        self.nvis, self.nhid = _count(nvis, "nvis"), _count(nhid, "nhid")
        self.prior, self.conditional, self.posterior = prior, conditional, posterior
        self.learn_prior, self.batch_size = learn_prior, batch_size
        self.seed = seed
        self.rng = make_np_rng(seed, DEFAULT_SEED, ["uniform", "randint", "randn"])
        self._check_parts()
        self.input_space, self.latent_space = VectorSpace(self.nvis), VectorSpace(self.nhid)
        self.input_source = "features"
        # Seeds of the noise first, then the weights: Pylearn2's order of draws.
        for part in (prior, conditional, posterior):
            part.set_vae(self)
        prior.initialize_parameters(self.nhid)
        conditional.initialize_parameters(self.latent_space, self.nvis)
        posterior.initialize_parameters(self.input_space, self.nhid)
        if kl_integrator is None:
            kl_integrator = find_integrator_for(prior, posterior)
        else:
            kl_integrator.check(prior, posterior)
        self.kl_integrator = kl_integrator
        self._params = self._all_params()

    def _check_parts(self) -> None:
        for name, cls in (
            ("prior", Prior),
            ("conditional", Conditional),
            ("posterior", Conditional),
        ):
            part = getattr(self, name)
            if not isinstance(part, cls):
                raise ConfigError(
                    f"VAE: {name} must be a {cls.__name__} (pylearn2core.models.vae), got {part!r}."
                )
        if self.conditional.name == self.posterior.name:
            raise ConfigError(
                f"VAE: its conditional and its posterior both have the name "
                f"{self.posterior.name!r}; give each its own."
            )

    # Parameters -------------------------------------------------------------------------------

    def _all_params(self) -> list[Any]:
        params = [*self.get_posterior_params(), *self.get_conditional_params()]
        return params + self.get_prior_params() if self.learn_prior else params

    def get_prior_params(self) -> list[Any]:
        """The parameters of p(z)."""
        return self.prior.get_params()

    def get_conditional_params(self) -> list[Any]:
        """The parameters of the MLP of p(x | z)."""
        return self.conditional.get_params()

    def get_posterior_params(self) -> list[Any]:
        """The parameters of the MLP of q(z | x)."""
        return self.posterior.get_params()

    def _parts(self) -> tuple[Any, Any, Any]:
        return self.prior, self.conditional, self.posterior

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """The parts' factors of the learning rate."""
        scalers: OrderedDict[Symbol, float] = OrderedDict()
        for part in self._parts():
            scalers.update(part.get_lr_scalers())
        return scalers

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        for part in self._parts():
            part.modify_updates(updates)

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the MLPs the batch size."""
        for part in self._parts():
            part.set_batch_size(batch_size)

    def get_weights(self) -> Array:
        """The weights of the first layer that sees the data, shape (nvis, units)."""
        return self.posterior.get_weights()

    def get_default_cost(self) -> Cost:
        """The lower bound, one sample an example."""
        from pylearn2core.costs.vae import VAECriterion

        return VAECriterion()

    # Monitoring -------------------------------------------------------------------------------

    def get_monitoring_data_specs(self) -> DataSpecs:
        """The features."""
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """reconstruction_error: mean square, over all numbers; and the channels of the parts."""
        self.get_input_space().validate(data)
        phi = self.encode_phi(data)
        theta = self.decode_theta(self.posterior.conditional_expectation(phi))
        error = pt.sqr(data - self.means_from_theta(theta)).mean()
        channels: OrderedDict[str, Symbol] = OrderedDict(reconstruction_error=error)
        channels.update(self.posterior.monitoring_channels_from_conditional_params(phi))
        # The conditional's parameters as training sees them: of a draw of z.
        noise = self.sample_from_epsilon((data.shape[0], self.nhid))
        theta = self.decode_theta(self.sample_from_q_z_given_x(noise, phi))
        channels.update(self.conditional.monitoring_channels_from_conditional_params(theta))
        channels.update(self.prior.monitoring_channels_from_prior_params())
        return channels

    # The distributions ------------------------------------------------------------------------

    def encode_phi(self, X: Symbol) -> Params:
        """The parameters of q(z | x) for a batch of x."""
        return self.posterior.encode_conditional_params(X)

    def decode_theta(self, z: Symbol) -> Params:
        """The parameters of p(x | z) for a batch of z, shape (batch, nhid)."""
        return self.conditional.encode_conditional_params(z)

    def get_prior_theta(self) -> list[Any]:
        """The parameters of p(z)."""
        return self.get_prior_params()

    def means_from_theta(self, theta: Params) -> Symbol:
        """The mean of x under p(x | z)."""
        return self.conditional.conditional_expectation(theta)

    def sample_from_p_z(self, num_samples: int, **kwargs: Any) -> Symbol:
        """Draws of z, shape (num_samples, nhid).    kwargs: for the prior."""
        return self.prior.sample_from_p_z(num_samples, **kwargs)

    def sample_from_p_x_given_z(self, num_samples: Any, theta: Params) -> Symbol:
        """A draw of x for each of the `num_samples` rows of theta."""
        return self.conditional.sample_from_conditional(theta, num_samples=num_samples)

    def sample_from_q_z_given_x(self, epsilon: Symbol, phi: Params) -> Symbol:
        """Draws of z, of the shape of epsilon; gradients reach phi through them."""
        return self.posterior.sample_from_conditional(phi, epsilon=epsilon)

    def sample_from_epsilon(self, shape: Any) -> Symbol:
        """The noise that draws from q(z | x) are made of."""
        return self.posterior.sample_from_epsilon(shape)

    def log_p_z(self, z: Symbol) -> Symbol:
        """The log prior of each z; the last axis of z is summed over."""
        return self.prior.log_p_z(z)

    def log_p_x_given_z(self, X: Symbol, theta: Params) -> Symbol:
        """The log probability of each x; the last axis of X is summed over."""
        return self.conditional.log_conditional(X, theta)

    def log_q_z_given_x(self, z: Symbol, phi: Params) -> Symbol:
        """The log posterior of each z; the last axis of z is summed over."""
        return self.posterior.log_conditional(z, phi)

    # Drawing ----------------------------------------------------------------------------------

    def sample(self, num_samples: int, return_sample_means: bool = True, **kwargs: Any) -> Any:
        """Draws of x, shape (num_samples, nvis); by default the pair (draws, their means)."""
        theta = self.decode_theta(self.sample_from_p_z(num_samples, **kwargs))
        return self._drawn(num_samples, theta, return_sample_means)

    def reconstruct(
        self, X: Symbol, noisy_encoding: bool = False, return_sample_means: bool = True
    ) -> Symbol:
        """X encoded and decoded; by default the pair (draws of x, their means).

        noisy_encoding: true for z a draw from q(z | x), false for its mean.
        """
        phi = self.encode_phi(X)
        if noisy_encoding:
            z = self.sample_from_q_z_given_x(self.sample_from_epsilon((X.shape[0], self.nhid)), phi)
        else:
            z = self.posterior.conditional_expectation(phi)
        return self._drawn(X.shape[0], self.decode_theta(z), return_sample_means)

    def _drawn(self, rows: Any, theta: Params, return_sample_means: bool) -> Symbol:
        draws = self.sample_from_p_x_given_z(rows, theta)
        return (draws, self.means_from_theta(theta)) if return_sample_means else draws

    # Likelihood -------------------------------------------------------------------------------

    def log_likelihood_lower_bound(
        self,
        X: Symbol,
        num_samples: int = 1,
        approximate_kl: bool = False,
        return_individual_terms: bool = False,
    ) -> Symbol:
        """E_q[log p(x | z)] - KL(q(z | x) || p(z)) of each row of X, in nats; shape (batch,).

        num_samples: draws of z for each row, over which the expectation is a mean.
        approximate_kl: true to estimate the divergence from the same draws.
        return_individual_terms: true for the pair (divergence, expectation).
        """
        epsilon, phi, _, theta = self._draw_posterior(X, num_samples)
        divergence = self.kl_divergence_term(phi, self.get_prior_theta(), approximate_kl, epsilon)
        expectation = self.expectation_term(X, theta).mean(axis=0)
        return (divergence, expectation) if return_individual_terms else expectation - divergence

    def log_likelihood_approximation(self, X: Symbol, num_samples: int) -> Symbol:
        """The logarithm of the mean importance weight of each row of X, in nats; shape (batch,).

        num_samples: draws of z for each row, each of weight p(x | z) p(z) / q(z | x). One draw
        gives a lower bound, more a tighter one: Burda et al. 2016.
        """
        _, phi, z, theta = self._draw_posterior(X, num_samples)
        joint = self.log_p_z(z) + self.log_p_x_given_z(X, theta)
        return _log_mean_exp(joint - self.log_q_z_given_x(z, phi))

    def _draw_posterior(self, X: Symbol, num_samples: int) -> tuple[Any, Params, Any, Params]:
        """(epsilon, phi, z, theta): z of shape (num_samples, batch, nhid), theta's parts alike."""
        count = _count(num_samples, "num_samples")
        epsilon = self.sample_from_epsilon((count, X.shape[0], self.nhid))
        phi = self.encode_phi(X)
        z = self.sample_from_q_z_given_x(epsilon, phi)
        # An MLP takes a matrix: one row for each draw. Not by reshape, whose gradient computes a
        # shape, which JAX can't take.
        flat = self.decode_theta(join_dims(z, start_axis=0, n_axes=2))
        theta = tuple(split_dims(part, shape=(count, X.shape[0]), axis=0) for part in flat)
        return epsilon, phi, z, theta

    def expectation_term(self, X: Symbol, theta: Params) -> Symbol:
        """Return log p(x | z) of each draw, shape (samples, batch)."""
        return self.log_p_x_given_z(X, theta)

    def kl_divergence_term(
        self, phi: Params, theta: Symbol, approximate: bool = False, epsilon: Symbol = None
    ) -> Symbol:
        """KL(q(z | x) || p(z)) of each row, shape (batch,).

        phi: parameters of q.    theta: parameters of p(z).
        approximate: true for the mean of log q - log p over the draws that epsilon makes, as also
            where there is no formula; epsilon: shape (samples, batch, nhid).
        """
        if self.kl_integrator is not None and not approximate:
            return self.kl_integrator.kl_divergence(phi, theta, self.prior, self.posterior)
        if epsilon is None:
            raise ValueError("kl_divergence_term has no formula to use here, so it needs epsilon.")
        z = self.sample_from_q_z_given_x(epsilon, phi)
        return (self.log_q_z_given_x(z, phi) - self.log_p_z(z)).mean(axis=0)

    def per_component_kl_divergence_term(self, phi: Params, theta: Symbol) -> Symbol:
        """KL(q(z | x) || p(z)) of each row and latent unit, shape (batch, nhid)."""
        if self.kl_integrator is None:
            raise ConfigError("VAE: there is no kl_integrator for its prior and posterior.")
        return self.kl_integrator.per_component_kl_divergence(
            phi, theta, self.prior, self.posterior
        )


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ConfigError(f"{name}: expected an integer > 0, got {value!r}.")
    return int(value)


def _log_mean_exp(x: Symbol) -> Symbol:
    """The logarithm of the mean of exp(x) over the first axis; exp(x) itself may overflow."""
    # What is taken out is put back, so its own gradient is 0.
    largest = disconnected_grad(x.max(axis=0))
    return largest + pt.log(pt.exp(x - largest).mean(axis=0))
