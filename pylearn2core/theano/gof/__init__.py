"""`theano.gof`: what PyTensor calls `graph`."""

from pytensor.graph.basic import Apply, Constant, Variable, clone
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op
from pytensor.graph.type import Type
from pytensor.graph.utils import MissingInputError
from pytensor.link.c.params_type import ParamsType
from pytensor.link.c.type import Generic, generic

from pylearn2core.theano.gof import graph, op

__all__ = [
    "Apply",
    "Constant",
    "FunctionGraph",
    "Generic",
    "MissingInputError",
    "Op",
    "ParamsType",
    "Type",
    "Variable",
    "clone",
    "generic",
    "graph",
    "op",
]
