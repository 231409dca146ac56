"""Autoencoders on top of each other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.models.autoencoder.base import AbstractAutoencoder, Autoencoder

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol


class DeepComposedAutoencoder(AbstractAutoencoder):
    """Encodes with each of several autoencoders in turn, decodes in reverse.

    autoencoders: from the input upwards; each one's hidden units are the next one's inputs.
    """

    def __init__(self, autoencoders: Sequence[Autoencoder]) -> None:
        super().__init__()
        if not isinstance(autoencoders, list | tuple) or not autoencoders:
            raise ConfigError("autoencoders: expected a list of one or more autoencoders.")
        for place, (below, above) in enumerate(itertools.pairwise(autoencoders), start=1):
            if below.get_output_space() != above.get_input_space():
                raise ConfigError(
                    f"autoencoders[{place}] takes {above.get_input_space()}, but the one below "
                    f"it gives {below.get_output_space()}."
                )
        self.autoencoders = list(autoencoders)
        self.input_space = autoencoders[0].get_input_space()
        self.output_space = autoencoders[-1].get_output_space()

    def encode(self, inputs: Symbol) -> Symbol:
        """The top autoencoder's hidden values."""
        for autoencoder in self.autoencoders:
            inputs = autoencoder.encode(inputs)
        return inputs

    def decode(self, hiddens: Symbol) -> Symbol:
        """What the top one's hidden values stand for in the inputs."""
        for autoencoder in reversed(self.autoencoders):
            hiddens = autoencoder.decode(hiddens)
        return hiddens

    def get_params(self) -> list[Symbol]:
        """All autoencoders' parameters, from the input upwards."""
        return [param for autoencoder in self.autoencoders for param in autoencoder.get_params()]

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        for autoencoder in self.autoencoders:
            autoencoder.modify_updates(updates)

    def get_weights(self) -> Array:
        """The first autoencoder's weights."""
        values: Array = self.autoencoders[0].get_weights()
        return values


class StackedDenoisingAutoencoder(DeepComposedAutoencoder):
    """Reconstructs through all the autoencoders from noisy inputs.

    corruptor: adds the noise.    Source: Vincent et al. 2010.
    """

    def __init__(self, autoencoders: Sequence[Autoencoder], corruptor: Any) -> None:
        super().__init__(autoencoders)
        self.corruptor = corruptor

    def reconstruct(self, inputs: Symbol) -> Symbol:
        """The noisy inputs, encoded and decoded."""
        return super().reconstruct(self.corruptor(inputs))
