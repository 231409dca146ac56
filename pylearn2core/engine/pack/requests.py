"""What a training loop asks of the engine, as plain requests, and who answers them.

A loop is a generator: it yields a request for each pass and is sent its result, and yields a
`Record` after each monitoring. So the loops of many trials can be answered together.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pylearn2core.engine.data.order import Order
from pylearn2core.engine.graph.step import Step
from pylearn2core.engine.pack.compiled import Bound
from pylearn2core.engine.program.passes import Pass


@dataclass(frozen=True, slots=True)
class TrainPass:
    """Train over `order`; the answer says for each updated variable whether it is finite."""

    step: Bound
    data: tuple[Any, ...]
    order: Order

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The one pass."""
        return ((self.data, self.order),)

    @property
    def shares_batches(self) -> bool:
        """Whether slots with the same batches share each product with them."""
        return self.step.compiled.shares(self.step, self.passes)

    def answer(self) -> Any:
        """Run the pass."""
        return self.step.train(self.data, self.order)

    def answer_pack(self, slots: Sequence[TrainPass], n_real: int) -> list[Any]:
        """Run the passes of a pack's slots; this is the first. Answers to the first `n_real`."""
        trials, orders = [one.step for one in slots], [one.order for one in slots]
        return self.step.compiled.train_pack(trials, n_real, self.data, orders)


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure over passes, (data, order) each, of several datasets as a rule.

    The answer is the mean of each output over each, shape (n_passes, n_outputs).
    recurs: whether other trials may ask for the same; not where the data is one batch that came by.
    """

    step: Bound
    passes: tuple[Pass, ...]
    recurs: bool = True

    @property
    def shares_batches(self) -> bool:
        """Not a matter of choice: where batches are the same, they are shared."""
        return False

    def answer(self) -> Any:
        """Run the passes."""
        return self.step.measure(self.passes)

    def answer_pack(self, slots: Sequence[Measure], n_real: int) -> list[Any]:
        """Run the passes of a pack's slots; this is the first. Answers to the first `n_real`."""
        trials, passes = [one.step for one in slots], [one.passes for one in slots]
        return self.step.compiled.measure_pack(trials, n_real, passes)


@dataclass(frozen=True, slots=True)
class Record:
    """The channels' values after `epoch` epochs; epoch 0 is before training."""

    epoch: int
    values: Mapping[str, float]


Request = TrainPass | Measure
Loop = Generator[Request | Record, Any, None]


def run(loop: Loop) -> Iterator[Record]:
    """Answer a loop's requests one by one; yield its records."""
    answer: Any = None
    while True:
        try:
            item = loop.send(answer)
        except StopIteration:
            return
        answer = None
        if isinstance(item, Record):
            yield item
        else:
            answer = item.answer()


def evaluate(outputs: Sequence[Any]) -> list[Any]:
    """Host arrays of expressions that depend on shared variables and constants alone."""
    return list(Bound(Step((), {}, tuple(outputs))).outputs())
