"""`theano.compat`: what Theano offered for Python 2 and 3 at once, on Python 3."""

from pylearn2core.theano.compat import python2x, six

__all__ = ["python2x", "six"]
