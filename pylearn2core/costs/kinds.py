"""What costs for one kind of model ask of it, besides what all models have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pylearn2core.protocols import ModelLike
from pylearn2core.types import Symbol

if TYPE_CHECKING:
    from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams


class MLPLike(ModelLike, Protocol):
    """A stack of layers with an output layer that has a cost."""

    def cost_from_X(self, data: Symbol) -> Symbol:
        """The output layer's cost, a scalar, of a pair (inputs, targets)."""

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The output layer's cost, a scalar."""

    def dropout_fprop(
        self,
        state_below: Symbol,
        default_input_include_prob: float = ...,
        input_include_probs: Mapping[str, float] | None = ...,
        default_input_scale: float = ...,
        input_scales: Mapping[str, float] | None = ...,
        per_example: bool = ...,
    ) -> Symbol:
        """The output where inputs of layers are left out at random."""


class AutoencoderLike(ModelLike, Protocol):
    """Inputs to hidden units and back."""

    def encode(self, inputs: Symbol) -> Symbol:
        """The hidden units."""

    def reconstruct(self, inputs: Symbol) -> Symbol:
        """The inputs as the hidden units give them back."""


class SampledLike(ModelLike, Protocol):
    """A model of visible and hidden units, from which a Gibbs chain draws."""

    def gibbs_step_for_v(
        self, v: Symbol, rng: MRG_RandomStreams
    ) -> tuple[Symbol, Mapping[str, Symbol]]:
        """(new visible units, what came by)."""


class VAELike(ModelLike, Protocol):
    """A variational autoencoder."""

    def log_likelihood_lower_bound(
        self, X: Symbol, num_samples: int, return_individual_terms: bool = ...
    ) -> Symbol:
        """The bound of each example, or its two terms."""

    def log_likelihood_approximation(self, X: Symbol, num_samples: int) -> Symbol:
        """The importance sampling estimate of each example."""
