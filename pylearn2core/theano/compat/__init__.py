"""`theano.compat`: what Theano offered for Python 2 and 3 at once, on Python 3."""

from collections import OrderedDict

from pylearn2core.theano.compat import python2x, six

PY3 = True

__all__ = ["PY3", "OrderedDict", "python2x", "six"]
