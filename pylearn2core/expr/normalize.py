"""Local response normalisation across the channels of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class _AcrossChannels:
    """x / (k + alpha sum of x^2 over the n channels around each)^beta.

    n: odd.    Source: Krizhevsky et al. 2012, section 3.3.
    """

    axis: int  # where the channels are

    def __init__(self, alpha: float = 1e-4, k: float = 2.0, beta: float = 0.75, n: int = 5) -> None:
        if n % 2 != 1:
            raise ConfigError(f"{type(self).__name__}: n must be odd, got {n!r}.")
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n

    def __call__(self, images: Symbol) -> Symbol:
        """Images, normalised; zeros lie beyond the first and the last channel."""
        half = self.n // 2
        squares = pt.moveaxis(pt.sqr(images), self.axis, 0)
        edge = pt.zeros_like(squares[:1])
        padded = pt.concatenate([*[edge] * half, squares, *[edge] * half], axis=0)
        channels = squares.shape[0]
        around: Any = sum(padded[first : first + channels] for first in range(self.n))
        scale = pt.power(hyper(self.k) + hyper(self.alpha) * around, hyper(self.beta))
        return images / pt.moveaxis(scale, 0, self.axis)


class CrossChannelNormalization(_AcrossChannels):
    """For images of the axes ('c', 0, 1, 'b')."""

    axis = 0


class CrossChannelNormalizationBC01(_AcrossChannels):
    """For images of the axes ('b', 'c', 0, 1)."""

    axis = 1
