"""`theano.tensor.shared_randomstreams`: the same streams, with the few draws that MRG has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

__all__ = ["RandomStreams"]


class RandomStreams(MRG_RandomStreams):
    """A stream of draws; see `MRG_RandomStreams`. Without a seed it differs each time."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(seed)

    def random_integers(
        self,
        size: Symbol = None,
        low: int = 0,
        high: int = 1,
        ndim: int | None = None,
        dtype: str = "int64",
    ) -> Symbol:
        """Integers from `low` to `high`, both included."""
        scale = high - low + 1
        return self._derived(
            () if size is None else size, lambda u: (u * scale).astype(dtype) + low
        )

    def permutation(self, size: Symbol = None, n: int = 1, dtype: str = "int64") -> Symbol:
        """The numbers 0 to n - 1 in random order; with a size, one such order each."""
        shape = (n,) if size is None else (*_tuple(size), n)
        return self._derived(shape, lambda u: u.argsort(axis=-1).astype(dtype))


def _tuple(size: Symbol) -> tuple[Any, ...]:
    return (size,) if isinstance(size, int) else tuple(size)
