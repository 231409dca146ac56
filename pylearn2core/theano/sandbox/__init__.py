"""`theano.sandbox`."""

from pylearn2core.theano.sandbox import rng_mrg

__all__ = ["rng_mrg"]
