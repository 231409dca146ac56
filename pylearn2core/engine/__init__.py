"""The engine: a step as a graph, its program, and whole passes of it.

Importing it imports PyTensor and JAX.
"""

from pylearn2core.engine.data.order import Order
from pylearn2core.engine.data.resident import ResidentBatch, on_device, resident_batch
from pylearn2core.engine.data.shared import shared
from pylearn2core.engine.data.stream import host_rows
from pylearn2core.engine.graph.gradients import gradients, waiting
from pylearn2core.engine.graph.reading import shared_of
from pylearn2core.engine.graph.step import Step, default_updates
from pylearn2core.engine.pack.answering import Answer, alike, answer, mode, width
from pylearn2core.engine.pack.compiled import Bound
from pylearn2core.engine.pack.requests import (
    Loop,
    Measure,
    Record,
    Request,
    TrainPass,
    evaluate,
    run,
)
from pylearn2core.engine.program.values import restore, saved

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
