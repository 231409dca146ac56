"""The engine: a step as a graph, its program, and whole passes of it.

Importing it imports PyTensor and JAX.
"""

from pylearn2core.engine.data import on_device, resident_batch
from pylearn2core.engine.graph import Step
from pylearn2core.engine.order import Order
from pylearn2core.engine.program import Bound
from pylearn2core.engine.steps import Measure, Record, TrainPass, evaluate, run

__all__ = [
    "Bound",
    "Measure",
    "Order",
    "Record",
    "Step",
    "TrainPass",
    "evaluate",
    "on_device",
    "resident_batch",
    "run",
]
