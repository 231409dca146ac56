"""One monitoring dataset: its channels' expressions, and one pass that measures them all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant

from pylearn2core.engine import (
    Bound,
    Measure,
    Order,
    ResidentBatch,
    Step,
    default_updates,
    on_device,
)
from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.iteration import resolve_iterator_class

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.types import Symbol

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
        if getattr(self.value, "owner", None) is not None:
            return False
        return not hasattr(self.value, "owner") or (
            isinstance(self.value, SharedVariable | Constant) and self.value.ndim == 0
        )


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a pass goes through a dataset; None where the dataset or the mode decides."""

    mode: str
    batch_size: int | None
    num_batches: int | None
    seed: tuple[int, ...] = SEED


class DatasetView:
    """The channels that are measured on one dataset.

    steps: of the views of one monitor. Those that compute the same expressions have one step.
    """

    def __init__(self, dataset: Dataset, scheme: Scheme, steps: dict[Hashable, Bound]) -> None:
        self.dataset = dataset
        self.scheme = scheme
        self._steps = steps
        self.expressions: list[Expression] = []
        self.prereqs: list[Callable[..., Any]] = []
        self._pass: PassPlan | None = None
        # Of channels that are mere values, where prereqs change them from batch to batch.
        self.plain_means: dict[str, float] = {}

    def add(self, expression: Expression, prereqs: Sequence[Callable[..., Any]] = ()) -> None:
        """Measure one more channel.    prereqs: run before each batch, each once."""
        self.expressions.append(expression)
        self.prereqs += [one for one in prereqs if one not in self.prereqs]
        self._pass = None
        self._steps.clear()

    def random_states(self) -> list[Symbol]:
        """The shared variables that measuring changes."""
        values = [item.value for item in self.expressions if not item.is_plain]
        return list(default_updates(values, ()))

    def plan(self) -> PassPlan:
        """What a pass over the dataset has to do."""
        if self._pass is None:
            self._pass = PassPlan(self.dataset, self.expressions, self._steps)
        return self._pass

    def resident(self) -> tuple[Any, Order] | None:
        """The dataset's arrays and a pass over them; None if it can only be iterated.

        Or where Python is to run before each batch.
        """
        if self.prereqs:
            return None
        data = self.plan().resident.arrays()
        if data is None:
            return None
        rows = int(self.dataset.get_num_examples())
        order = _order(rows, self.scheme)
        if not order.sizes:
            self._refuse_empty(rows)
        return data, order

    def iterate(self, step: Bound | None) -> Generator[Measure, Any, Any]:
        """Measure a dataset batch by batch; the mean of each output of the step."""
        total: Any = 0.0
        rows = 0
        plain: dict[str, float] = {}
        for batch, size in self._batches(self.plan().pairs or self._own_pairs()):
            for prereq in self.prereqs:
                prereq(*batch)
            for name, value in self.plan().plain if self.prereqs else ():
                plain[name] = plain.get(name, 0.0) + size * _plain_value(value)
            if step is not None:
                one = self._on_device(batch), Order.of([slice(0, size)], size)
                total = total + size * (yield Measure(step, (one,), recurs=False))[0]
            rows += size
        if not rows:
            self._refuse_empty(rows)
        self.plain_means = {name: value / rows for name, value in plain.items()}
        return total / rows if step is not None else None

    def _own_pairs(self) -> list[Pair]:
        return list(DataSpecsMapping(self.dataset.get_data_specs()).unique)

    def _on_device(self, batch: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(batch, self.plan().pairs, strict=bool(self.plan().pairs))
        return tuple(on_device(array, space, space) for array, (space, _) in pairs)

    def _refuse_empty(self, rows: int) -> NoReturn:
        scheme = self.scheme
        raise ConfigError(
            f"monitoring_dataset: {type(self.dataset).__name__} has {rows} examples, which make no "
            f"batch of {scheme.batch_size} in mode {scheme.mode!r}. Give it more, or a smaller "
            "monitoring_batch_size."
        )

    def _batches(self, pairs: Sequence[Pair]) -> Any:
        """(host arrays, number of rows) of each batch of a dataset that can only be iterated."""
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
            yield batch, spaces[0].np_batch_size(batch[0])


def measure(views: Sequence[DatasetView]) -> Generator[Measure, Any, dict[str, float]]:
    """Request the passes that are needed; return each channel's value.

    Passes over several datasets that compute the same are one request.
    """
    together: dict[Bound, dict[int, tuple[Any, Order]]] = {}
    means: dict[int, Any] = {}
    for place, view in enumerate(views):
        step = view.plan().step
        if step is None and not view.prereqs:
            continue
        found = view.resident()
        if found is None or step is None:
            means[place] = yield from view.iterate(step)
        else:
            together.setdefault(step, {})[place] = found
    for step, passes in together.items():
        means.update(zip(passes, (yield Measure(step, tuple(passes.values()))), strict=True))
    values: dict[str, float] = {}
    for place, view in enumerate(views):
        values.update(view.plan().values(means.get(place)))
        values.update(view.plain_means)
    return values


class PassPlan:
    """What one pass over a dataset has to do, worked out once.

    names: of all channels.    plain: (name, value) of those that need no computation.
    computed: names of the others, in the order of the step's outputs; step: None if there are none.
    pairs: (space, source) of each array that the step takes.
    """

    def __init__(
        self, dataset: Dataset, expressions: Sequence[Expression], steps: dict[Hashable, Bound]
    ) -> None:
        self.names = [item.name for item in expressions]
        self.plain = [(item.name, item.value) for item in expressions if item.is_plain]
        computed = [item for item in expressions if not item.is_plain]
        self.computed = [item.name for item in computed]
        groups = _groups(computed)
        self.pairs = list(groups)
        self.resident = ResidentBatch(dataset, self.pairs)
        self.step: Bound | None = None
        if computed:
            inputs = tuple(tuple(group) for group in groups.values())
            outputs = tuple(item.value for item in computed)
            # A step keeps its variables, so these stay theirs while it is in `steps`.
            which = tuple(map(id, outputs)), tuple(tuple(map(id, group)) for group in inputs)
            if which not in steps:
                # A stochastic channel draws new numbers for each batch.
                steps[which] = Bound(Step(inputs, default_updates(outputs, ()), outputs))
            self.step = steps[which]

    def values(self, means: Any) -> dict[str, float]:
        """Each channel's value. means: the step's outputs'; None if there is no step."""
        values = dict.fromkeys(self.names, 0.0)
        for name, value in self.plain:
            values[name] = _plain_value(value)
        if means is not None:
            values.update(zip(self.computed, means.tolist(), strict=True))
        return values


@lru_cache(maxsize=64)
def _order(rows: int, scheme: Scheme) -> Order:
    """The batches of a pass. They follow from these alone, so all trials share the one object."""
    scheme_class = resolve_iterator_class(scheme.mode)
    rng = np.random.RandomState(scheme.seed) if scheme_class.stochastic else None
    return Order.of(scheme_class(rows, scheme.batch_size, scheme.num_batches, rng), rows)


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
