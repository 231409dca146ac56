"""`theano.compat.six.moves`."""

# ruff: noqa: A001 - each of these names is Python's own of that name

import builtins
import pickle as cPickle
from functools import reduce
from io import StringIO
from itertools import zip_longest

filter = builtins.filter
input = builtins.input
map = builtins.map
range = xrange = builtins.range
zip = builtins.zip

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
