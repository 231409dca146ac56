"""Corruptors: noise on a batch of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.rng import make_np_rng
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import SeedOrRng, Symbol

DEFAULT_SEED = 2001


class Corruptor:
    """Adds noise to symbolic inputs.

    corruption_level: how much; each kind says of what.
    rng: a RandomState, or the seed of one; 2001 if None. It seeds the symbolic stream.
    """

    def __init__(self, corruption_level: float, rng: SeedOrRng = DEFAULT_SEED) -> None:
        self.corruption_level = corruption_level
        generator = make_np_rng(rng, DEFAULT_SEED, which_method=["randn", "randint"])
        self.s_rng = MRG_RandomStreams(int(generator.randint(2**30)))

    def __call__(self, inputs: Symbol) -> Symbol:
        """The noisy inputs; a list or tuple of inputs gives a list of noisy ones."""
        if isinstance(inputs, list | tuple):
            return [self._corrupt(each) for each in inputs]
        return self._corrupt(inputs)

    def _corrupt(self, x: Symbol) -> Symbol:
        raise NotImplementedError

    def _check_share(self) -> None:
        if not 0.0 <= self.corruption_level < 1.0:
            raise ConfigError(
                f"{type(self).__name__}: corruption_level must be in [0, 1), got "
                f"{self.corruption_level!r}."
            )

    def _keep(self, x: Symbol) -> Symbol:
        """Ones where a number stays, zeros where it goes, in x's shape."""
        keep = hyper(1.0 - self.corruption_level)
        return self.s_rng.binomial(size=x.shape, p=keep, dtype=x.dtype)


class DummyCorruptor(Corruptor):
    """No noise."""

    def __init__(self, corruption_level: float = 0.0, rng: SeedOrRng = DEFAULT_SEED) -> None:
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: Symbol) -> Symbol:
        return x


class BinomialCorruptor(Corruptor):
    """Sets each number to 0 with probability corruption_level."""

    def __init__(self, corruption_level: float, rng: SeedOrRng = DEFAULT_SEED) -> None:
        super().__init__(corruption_level, rng)
        self._check_share()

    def _corrupt(self, x: Symbol) -> Symbol:
        return self._keep(x) * x


class DropoutCorruptor(BinomialCorruptor):
    """Sets each number to 0 with probability corruption_level; divides the others by the rest."""

    def _corrupt(self, x: Symbol) -> Symbol:
        return super()._corrupt(x) / hyper(1.0 - self.corruption_level)


class GaussianCorruptor(Corruptor):
    """Adds normal noise.    stdev: its standard deviation."""

    def __init__(self, stdev: float, rng: SeedOrRng = DEFAULT_SEED) -> None:
        super().__init__(corruption_level=stdev, rng=rng)

    def _corrupt(self, x: Symbol) -> Symbol:
        noise = self.s_rng.normal(size=x.shape, avg=hyper(0.0), std=hyper(1.0), dtype=x.dtype)
        return x + hyper(self.corruption_level) * noise


class SaltPepperCorruptor(BinomialCorruptor):
    """Sets each number with probability corruption_level to 0 or 1, as likely."""

    def _corrupt(self, x: Symbol) -> Symbol:
        stays = self._keep(x)
        salt = self.s_rng.binomial(size=x.shape, p=hyper(0.5), dtype=x.dtype)
        return x * stays + (hyper(1.0) - stays) * salt


class OneHotCorruptor(BinomialCorruptor):
    """Replaces a row, with probability corruption_level, by a random one-hot row."""

    def _corrupt(self, x: Symbol) -> Symbol:
        keep = hyper(1.0 - self.corruption_level)
        stays = self.s_rng.binomial(size=(x.shape[0], 1), p=keep, dtype=x.dtype)
        stays = pt.specify_shape(stays, (None, 1))
        even = pt.ones_like(x) / pt.cast(x.shape[1], x.dtype)
        other = self.s_rng.multinomial(pvals=even, dtype=x.dtype)
        return stays * x + (hyper(1.0) - stays) * other


class BinomialSampler(Corruptor):
    """Replaces each number p, which is a probability, by 1 with that probability, else by 0."""

    def __init__(self, corruption_level: float = 0.0, rng: SeedOrRng = DEFAULT_SEED) -> None:
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: Symbol) -> Symbol:
        return self.s_rng.binomial(size=x.shape, p=x, dtype=x.dtype)


class MultinomialSampler(Corruptor):
    """Replaces each row, which is a distribution, by a one-hot row drawn from it."""

    def __init__(self, corruption_level: float = 0.0, rng: SeedOrRng = DEFAULT_SEED) -> None:
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: Symbol) -> Symbol:
        return self.s_rng.multinomial(pvals=x, dtype=x.dtype)


class ComposedCorruptor(Corruptor):
    """Several corruptors, one after the other.

    args, corruptors: in order of application, one by one or as a list. Give each an rng of its
    own: two of one seed draw the same numbers.
    """

    def __init__(self, *args: Any, corruptors: Sequence[Corruptor] | None = None) -> None:
        given: Any = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        self._corruptors = list(given if corruptors is None else corruptors)
        if not self._corruptors or (args and corruptors is not None):
            raise ConfigError("ComposedCorruptor: corruptors must be a list of one or more.")

    def _corrupt(self, x: Symbol) -> Symbol:
        for corruptor in self._corruptors:
            x = corruptor(x)
        return x
