"""`theano.compat.python2x`."""

from collections import Counter, OrderedDict, defaultdict, deque

__all__ = ["Counter", "OrderedDict", "defaultdict", "deque"]
