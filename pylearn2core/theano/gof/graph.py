"""`theano.gof.graph`: walks over graphs, by Theano's names."""

from pytensor.graph.basic import Apply, Constant, Variable, clone
from pytensor.graph.traversal import ancestors, io_toposort
from pytensor.graph.traversal import graph_inputs as inputs

__all__ = [
    "Apply",
    "Constant",
    "Variable",
    "ancestors",
    "clone",
    "inputs",
    "io_toposort",
]
