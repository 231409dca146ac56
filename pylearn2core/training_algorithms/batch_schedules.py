"""Learning rates that change after every batch: update callbacks of SGD.

Each is a part of the step itself, so that an epoch stays one program.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.schedules import rate_of

if TYPE_CHECKING:
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


class BatchSchedule:
    """Sets the learning rate after each batch, by a formula of the batches done.

    The first batch is trained with SGD's own rate, which the formula starts from. Formulas are
    worked out in float64, as Python's numbers are.
    """

    def __init__(self) -> None:
        self.count = pytensor.shared(np.asarray(0.0), name="batches_done")
        self.first_rate = pytensor.shared(np.asarray(0.0), name="first_learning_rate")

    def step_updates(
        self, algorithm: AlgorithmLike, updates: Mapping[Symbol, Symbol]
    ) -> OrderedDict[Symbol, Symbol]:
        """The learning rate's update, and those of this schedule's own state."""
        rate = rate_of(algorithm, self)
        # Read at the first batch: extensions may have set the rate until then.
        first = pt.switch(pt.eq(self.count, 0.0), rate.astype("float64"), self.first_rate)
        count = self.count + 1.0
        new = self._formula(first, count).astype(rate.dtype)
        return OrderedDict([(rate, new), (self.first_rate, first), (self.count, count)])

    def _formula(self, first: Symbol, count: Symbol) -> Symbol:
        raise NotImplementedError


class ExponentialDecay(BatchSchedule):
    """Return first / decay_factor^(batches done), at least min_lr."""

    def __init__(self, decay_factor: float | str, min_lr: float | str) -> None:
        super().__init__()
        self.decay_factor = _number(decay_factor, "ExponentialDecay: decay_factor")
        self.min_lr = _number(min_lr, "ExponentialDecay: min_lr")
        if not self.decay_factor > 0.0:
            raise ConfigError(
                f"ExponentialDecay: decay_factor must be > 0, got {self.decay_factor}."
            )

    def _formula(self, first: Symbol, count: Symbol) -> Symbol:
        return pt.maximum(
            first / pt.power(_constant(self.decay_factor), count), _constant(self.min_lr)
        )


class LinearDecay(BatchSchedule):
    """Lowers the rate linearly from batch `start` to batch `saturate`.

    decay_factor: the last learning rate as a share of the first.
    """

    def __init__(
        self, start: float | str, saturate: float | str, decay_factor: float | str
    ) -> None:
        super().__init__()
        self.start = _number(start, "LinearDecay: start")
        self.saturate = _number(saturate, "LinearDecay: saturate")
        self.decay_factor = _number(decay_factor, "LinearDecay: decay_factor")
        if self.saturate < self.start:
            raise ConfigError(
                f"LinearDecay: saturate ({saturate}) must not be before start ({start})."
            )

    def _formula(self, first: Symbol, count: Symbol) -> Symbol:
        start, saturate = _constant(self.start), _constant(self.saturate)
        last = first * _constant(self.decay_factor)
        step = (first - last) / _constant(self.saturate - self.start + 1.0)
        between = first - step * (count - start + 1.0)
        return pt.switch(count < start, first, pt.switch(count < saturate, between, last))


class AnnealedLearningRate(BatchSchedule):
    """Return first x min(1, anneal_start / batches done).

    anneal_start: the batch from which the rate falls.
    """

    def __init__(self, anneal_start: float) -> None:
        super().__init__()
        self.anneal_start = _number(anneal_start, "AnnealedLearningRate: anneal_start")
        if not self.anneal_start > 0.0:
            raise ConfigError(
                f"AnnealedLearningRate: anneal_start must be > 0, got {self.anneal_start}."
            )

    def _formula(self, first: Symbol, count: Symbol) -> Symbol:
        return first * pt.minimum(1.0, _constant(self.anneal_start) / count)


def _constant(value: float) -> Symbol:
    # PyTensor would give a plain number the narrowest type that holds it.
    return pt.constant(np.asarray(value, dtype=np.float64))


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: expected a number, got {value!r}.") from None
