"""One monitoring dataset: its channels' expressions, and one pass that measures them all."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant

from pylearn2core.engine import Bound, Measure, Order, Step, on_device, resident_batch
from pylearn2core.space import CompositeSpace
from pylearn2core.utils.iteration import resolve_iterator_class

# Stochastic schemes start from this seed at every pass, so each pass sees the same rows.
SEED = (2013, 2, 22)

Pair = tuple[Any, str]  # (space, source)


@dataclass(frozen=True, slots=True)
class Expression:
    """A channel's value on one batch. inputs: its own variables, each for one (space, source)."""

    name: str
    value: Any
    inputs: tuple[Any, ...]
    pairs: tuple[Pair, ...]

    @property
    def is_plain(self) -> bool:
        """True where no computation is needed: a number, or a shared variable's value."""
        return not hasattr(self.value, "owner") or (
            isinstance(self.value, SharedVariable | Constant) and self.value.ndim == 0
        )


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a pass goes through a dataset; None where the dataset or the mode decides."""

    mode: str
    batch_size: int | None
    num_batches: int | None
    seed: Any = SEED


@dataclass(slots=True)
class DatasetView:
    """The channels that are measured on one dataset."""

    dataset: Any
    scheme: Scheme
    expressions: list[Expression] = field(default_factory=list)
    _step: Bound | None = None
    _order: Order | None = None

    def add(self, expression: Expression) -> None:
        """Measure one more channel."""
        self.expressions.append(expression)
        self._step = None

    def measure(self) -> Generator[Measure, Any, dict[str, float]]:
        """Request the passes that are needed; return each channel's value."""
        computed = [item for item in self.expressions if not item.is_plain]
        values: dict[str, float] = {
            item.name: _plain_value(item.value) for item in self.expressions if item.is_plain
        }
        if computed:
            results = yield from self._pass(computed)
            names = (item.name for item in computed)
            values.update(zip(names, (float(result) for result in results), strict=True))
        return {item.name: values[item.name] for item in self.expressions}

    def _pass(self, computed: Sequence[Expression]) -> Generator[Measure, Any, Any]:
        groups = _groups(computed)
        if self._step is None:
            outputs = tuple(item.value for item in computed)
            self._step = Bound(Step(tuple(map(tuple, groups.values())), {}, outputs))
        pairs = list(groups)
        data = resident_batch(self.dataset, pairs)
        if data is not None:
            return (yield Measure(self._step, data, self._resident_order()))
        total, rows = 0.0, 0
        for batch, size in self._batches(pairs):
            everything = Order.of([slice(0, size)], size)
            total = total + size * (yield Measure(self._step, batch, everything))
            rows += size
        return total / rows

    def _resident_order(self) -> Order:
        if self._order is None:
            rows = self.dataset.get_num_examples()
            scheme = resolve_iterator_class(self.scheme.mode)
            rng = np.random.RandomState(list(self.scheme.seed)) if scheme.stochastic else None
            batches = scheme(rows, self.scheme.batch_size, self.scheme.num_batches, rng)
            self._order = Order.of(batches, rows)
        return self._order

    def _batches(self, pairs: Sequence[Pair]) -> Any:
        """(arrays, number of rows) of each batch of a dataset that can only be iterated."""
        spaces, sources = zip(*pairs, strict=True)
        stochastic = resolve_iterator_class(self.scheme.mode).stochastic
        iterator = self.dataset.iterator(
            mode=self.scheme.mode,
            batch_size=self.scheme.batch_size,
            num_batches=self.scheme.num_batches,
            rng=list(self.scheme.seed) if stochastic else None,
            data_specs=(CompositeSpace(list(spaces)), tuple(sources)),
            return_tuple=True,
        )
        for batch in iterator:
            size = spaces[0].np_batch_size(batch[0])
            arrays = zip(batch, spaces, strict=True)
            yield tuple(on_device(array, space, space) for array, space in arrays), size


def _groups(expressions: Sequence[Expression]) -> dict[Pair, dict[Any, None]]:
    """For each (space, source), the variables that stand for it, each once, in order."""
    groups: dict[Pair, dict[Any, None]] = {}
    for item in expressions:
        for pair, variable in zip(item.pairs, item.inputs, strict=True):
            groups.setdefault(pair, {})[variable] = None
    return groups


def _plain_value(value: Any) -> float:
    if isinstance(value, SharedVariable):
        return float(value.get_value(borrow=True))
    return float(value.data if isinstance(value, Constant) else value)
