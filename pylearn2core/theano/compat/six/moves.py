"""`theano.compat.six.moves`."""

import pickle as cPickle
from builtins import filter, input, map, range, zip  # noqa: A004 - they are what they were
from functools import reduce
from io import StringIO
from itertools import zip_longest

xrange = range

__all__ = [
    "StringIO",
    "cPickle",
    "filter",
    "input",
    "map",
    "range",
    "reduce",
    "xrange",
    "zip",
    "zip_longest",
]
