"""The engine: a step as a graph, its program, and whole passes of it.

Importing it imports PyTensor and JAX.
"""

from pylearn2core.engine.bound import Bound
from pylearn2core.engine.data import ResidentBatch, on_device, resident_batch
from pylearn2core.engine.gradients import gradients, waiting
from pylearn2core.engine.graph import Step, default_updates, shared_of
from pylearn2core.engine.order import Order
from pylearn2core.engine.pack import Answer, alike, answer, mode, width
from pylearn2core.engine.shared import shared
from pylearn2core.engine.state import restore, saved
from pylearn2core.engine.steps import Loop, Measure, Record, Request, TrainPass, evaluate, run
from pylearn2core.engine.stream import host_rows

__all__ = [
    "Answer",
    "Bound",
    "Loop",
    "Measure",
    "Order",
    "Record",
    "Request",
    "ResidentBatch",
    "Step",
    "TrainPass",
    "alike",
    "answer",
    "default_updates",
    "evaluate",
    "gradients",
    "host_rows",
    "mode",
    "on_device",
    "resident_batch",
    "restore",
    "run",
    "saved",
    "shared",
    "shared_of",
    "waiting",
    "width",
]
