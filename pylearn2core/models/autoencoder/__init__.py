"""Autoencoders."""

from pylearn2core.models.autoencoder.base import AbstractAutoencoder, Autoencoder
from pylearn2core.models.autoencoder.stacks import (
    DeepComposedAutoencoder,
    StackedDenoisingAutoencoder,
)
from pylearn2core.models.autoencoder.variants import (
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    HigherOrderContractiveAutoencoder,
    UntiedAutoencoder,
)

__all__ = [
    "AbstractAutoencoder",
    "Autoencoder",
    "ContractiveAutoencoder",
    "DeepComposedAutoencoder",
    "DenoisingAutoencoder",
    "HigherOrderContractiveAutoencoder",
    "StackedDenoisingAutoencoder",
    "UntiedAutoencoder",
]
