"""The program of a graph that JAX can't take: PyTensor's own linker, one batch a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pylearn2core.engine.data.order import Order
from pylearn2core.engine.data.stream import host_rows
from pylearn2core.engine.graph.reading import Reading
from pylearn2core.engine.graph.step import Step
from pylearn2core.engine.program import lower
from pylearn2core.engine.program.loops import floats
from pylearn2core.engine.program.passes import Array, Data, Pass


class HostProgram:
    """Runs a pass one batch a call on PyTensor's own linker: for what JAX can't take.

    The same methods as DeviceProgram.
    """

    def __init__(self, step: Step, reading: Reading) -> None:
        self._step = lower.to_host(step, reading)
        self._updated = reading.updated

    def train(self, shared: Data, lifted: Data, data: Data, order: Order) -> tuple[Data, Array]:
        """New values of the updated variables, and for each whether it is finite."""
        updated, rest = shared[: self._updated], shared[self._updated :]
        for rows in order.batches:
            batch = tuple(host_rows(array, rows) for array in data)
            updated, _ = self._step(batch, (*updated, *rest), lifted)
        return updated, np.array([bool(np.isfinite(floats(value)).all()) for value in updated])

    def measure(self, shared: Data, lifted: Data, passes: Sequence[Pass]) -> tuple[Data, Array]:
        """New values of the updated variables, and the outputs' means over the rows."""
        updated, rest = shared[: self._updated], shared[self._updated :]
        means = []
        for data, order in passes:
            total: Any = 0.0
            for rows in order.batches:
                batch = tuple(host_rows(array, rows) for array in data)
                updated, outputs = self._step(batch, (*updated, *rest), lifted)
                total = total + np.array(outputs, dtype=np.float64) * len(rows)
            means.append(total / order.rows)
        return updated, np.array(means)

    def forget(self) -> None:
        """Nothing: one compiled function serves all shapes."""

    def once(self, shared: Data, lifted: Data) -> Data:
        """The outputs of a step that has no batch."""
        return self._step((), shared, lifted)[1]
