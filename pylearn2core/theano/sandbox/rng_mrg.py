"""`theano.sandbox.rng_mrg`: streams of symbolic random numbers.

Each draw has a random state of its own: a shared variable whose default update moves it on, so
that every function that uses the draw gives new numbers at each call. The numbers are a function
of the seed and of the order in which the draws were asked for; they are not Theano's.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from pytensor import config
from pytensor import tensor as T

from pylearn2core.errors import UnsupportedError

if TYPE_CHECKING:
    from pylearn2core.types import Symbol


class MRG_RandomStreams:  # noqa: N801 - Theano's name
    """A stream of draws.

    seed: an int or a list of ints; None for one that differs each time.
    state_updates: the pairs (random state, its next value) of the draws so far.
    A size may be ints, symbolic, or None: then it is that of the parameters.
    """

    def __init__(self, seed: Any = 12345, use_cuda: Any = None) -> None:
        self.state_updates: list[tuple[Any, Any]] = []
        self.seed(seed)

    def seed(self, seed: Any = None) -> None:
        """Start again: the draws to come, and those made, from this seed on."""
        self._seeds = np.random.SeedSequence(seed)
        for state, _ in self.state_updates:
            state.set_value(self._generator(), borrow=True)

    def updates(self) -> list[tuple[Any, Any]]:
        """The pairs (random state, its next value); functions apply them without being told."""
        return list(self.state_updates)

    # -------------------------------------------------------------- draws
    def uniform(
        self,
        size: Symbol = None,
        low: Symbol = 0.0,
        high: Symbol = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
    ) -> Symbol:
        """Floats in [low, high)."""
        dtype = _float(dtype)
        low, high = _cast(low, dtype), _cast(high, dtype)
        return self._draw("uniform", low, high, size=_size(size, low, high), dtype=dtype)

    def normal(
        self,
        size: Symbol = None,
        avg: Symbol = 0.0,
        std: Symbol = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
    ) -> Symbol:
        """Floats of the normal distribution with mean `avg` and standard deviation `std`."""
        dtype = _float(dtype)
        avg, std = _cast(avg, dtype), _cast(std, dtype)
        return self._draw("normal", avg, std, size=_size(size, avg, std), dtype=dtype)

    def binomial(
        self,
        size: Symbol = None,
        n: int = 1,
        p: Symbol = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        prob: Symbol = None,
    ) -> Symbol:
        """The number of successes in `n` trials of probability `p` each. n: a Python int."""
        p = T.as_tensor_variable(p if prob is None else prob)
        _check_trials(n)
        shape = _size(size, p)
        if n == 1:
            return self._derived(shape, lambda u: (u < p).astype(_resolved(dtype)))
        return self._derived((n, *shape), lambda u: (u < p).sum(axis=0).astype(_resolved(dtype)))

    def multinomial(
        self,
        size: Symbol = None,
        n: int = 1,
        pvals: Symbol = None,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
    ) -> Symbol:
        """How often each of the classes came up in `n` draws.

        pvals: shape (rows, classes), each row sums to 1. Returns counts of the same shape.
        """
        if pvals is None or size is not None:
            raise UnsupportedError(
                "multinomial takes pvals of shape (rows, classes) and no size: one draw a row"
            )
        _check_trials(n)
        pvals = T.as_tensor_variable(pvals)
        upper = T.cumsum(pvals, axis=-1)
        # Rounding may leave the last bound below 1; the ratio ends at 1 exactly.
        upper = upper / T.shape_padright(upper[..., -1])

        def counts(u: Any) -> Any:
            # The class is the first whose upper bound lies above u.
            above = (T.shape_padright(u) < upper[None]).astype("int64")
            hit = above * T.eq(T.cumsum(above, axis=-1), 1)
            return hit.sum(axis=0).astype(_resolved(dtype))

        return self._derived((n, *_lengths(pvals)[:-1]), counts)

    # -------------------------------------------------------------- inside
    def _draw(self, kind: str, *parameters: Any, size: Symbol, dtype: str) -> Symbol:
        state = T.random.shared_rng(self._generator(), borrow=True)
        following, draw = getattr(state, kind)(*parameters, size=size, dtype=dtype)
        with warnings.catch_warnings():
            # PyTensor would rather be told of updates by hand; Theano's streams need no telling.
            warnings.filterwarnings("ignore", "Setting default_update", DeprecationWarning)
            state.default_update = following
        self.state_updates.append((state, following))
        draw.rng, draw.update = state, (state, following)
        return draw

    def _derived(self, size: Symbol, function: Any) -> Symbol:
        """`function` of uniform numbers, with their random state at hand as on a plain draw."""
        uniform = self.uniform(size)
        draw = function(uniform)
        draw.rng, draw.update = uniform.rng, uniform.update
        return draw

    def _generator(self) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(self._seeds.spawn(1)[0]))


def _check_trials(n: Symbol) -> None:
    if not isinstance(n, int) or n < 1:
        raise UnsupportedError(f"n must be a Python int of 1 or more, got {n!r}")


def _resolved(dtype: str) -> str:
    return str(config.floatX) if dtype == "floatX" else dtype


def _float(dtype: str | None) -> str:
    return _resolved(dtype or "floatX")


def _cast(value: Any, dtype: str) -> Any:
    return T.as_tensor_variable(value).astype(dtype)


def _size(size: Symbol, *parameters: Any) -> Any:
    """The size to draw: as given, or what the parameters broadcast to."""
    if size is not None:
        return (size,) if isinstance(size, int) else size
    widest = parameters[0]
    for parameter in parameters[1:]:
        widest = widest + parameter
    return _lengths(widest)


def _lengths(x: Symbol) -> tuple[Any, ...]:
    """The length of each axis of `x`, an int where it is known."""
    return tuple(
        x.shape[axis] if known is None else known for axis, known in enumerate(x.type.shape)
    )
