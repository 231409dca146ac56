"""From a step whose gradients wait to its program, without working them out.

The whole graph of a step follows from the part that is there before them. So the key of that part
leads to the key of the whole, to where its shared variables and its lifted constants stand there:
a **route**, which the first such step shows. Lifted constants are values, which a key leaves out;
a place where a trial's value differs from the first trial's is therefore looked at once in the
whole graph as well, before a route is trusted to pass that place on.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pylearn2core.engine.graph import Reading, Step, read
from pylearn2core.engine.rebuild import copied

_KEPT = 128
_LITERAL = -1
_routes: dict[Hashable, _Route] = {}  # the key used last comes last


@dataclass(slots=True)
class _Route:
    """Where what one reads of the part stands in the whole.

    whole: what was read of the first one's whole graph.    shared: for each of the whole's shared
    variables its place in the part.    sources: the same for its lifted constants, or _LITERAL for
    one that the gradients brought.    first: the values of the first one's lifted constants.
    proven: for each of these, whether another value was seen to pass.    holds: False where not.
    """

    whole: Reading
    shared: list[int]
    sources: np.ndarray[Any, np.dtype[np.intp]]
    first: np.ndarray[Any, np.dtype[np.float64]]
    proven: np.ndarray[Any, np.dtype[np.bool_]]
    holds: bool

    def reading(self, part: Reading) -> Reading:
        """What would be read of the whole of a step, from what was read of the part."""
        taken = np.append(part.values, 0.0)[self.sources]
        return replace(
            self.whole,
            shared=tuple(part.shared[place] for place in self.shared),
            values=np.where(self.sources == _LITERAL, self.whole.values, taken),
        )


class Settled:
    """What a step's program and values are.

    key, shared, updated, lifted, values: of the whole step, as in `Reading`; but the nodes of
    `lifted` may be missing.
    """

    def __init__(
        self, step: Step, reading: Reading, known: tuple[Step, Reading] | None = None
    ) -> None:
        self._step = step
        self._known = known
        self.key, self.updated = reading.key, reading.updated
        self.shared, self.lifted, self.values = reading.shared, reading.lifted, reading.values

    @property
    def whole(self) -> tuple[Step, Reading]:
        """The step with its gradients worked out, and what was read of it."""
        if self._known is None:
            step = worked_out_in(self._step)
            self._known = step, read(step)
        return self._known


def settle(step: Step) -> Settled:
    """Read a step; its gradients are worked out only where no route is known."""
    part = read(step)
    if not part.waits:
        return Settled(step, part, (step, part))
    route = _routes.pop(part.key, None)
    if route is None:
        settled, route = _explored(step, part)
        while len(_routes) >= _KEPT:
            del _routes[next(iter(_routes))]
    else:
        settled = _routed(step, part, route)
    _routes[part.key] = route
    return settled


def worked_out_in(step: Step, marks: Mapping[tuple[Any, int], Any] | None = None) -> Step:
    """The step with its gradients worked out.

    marks: what stands for the input of a given index of one of its nodes.
    """
    roots = copied(step.roots, {}, marks or {})
    n_updates = len(step.updates)
    updates = dict(zip(step.updates, roots[:n_updates], strict=True))
    return Step(step.inputs, updates, tuple(roots[n_updates:]))


def _explored(step: Step, part: Reading) -> tuple[Settled, _Route]:
    """Work the gradients out, and find everything of the part in the whole."""
    # One constant may stand in several places: for the search each place gets one of its own.
    marks = {(node, index): _twin(node.inputs[index]) for node, index, _ in part.lifted}
    whole = worked_out_in(step, marks)
    reading = read(whole)
    places = {id(constant): place for place, constant in enumerate(marks.values())}
    sources = [places.get(id(node.inputs[index]), _LITERAL) for node, index, _ in reading.lifted]
    where = {variable: place for place, variable in enumerate(part.shared)}
    shared = [where.get(variable, _LITERAL) for variable in reading.shared]
    route = _Route(
        whole=_without_graph(reading),
        shared=shared,
        sources=np.array(sources, dtype=np.intp),
        first=part.values,
        proven=np.zeros(len(part.values), dtype=bool),
        holds=_LITERAL not in shared,
    )
    return Settled(step, reading, (whole, reading)), route


def _twin(constant: Any) -> Any:
    """An equal constant that is another object."""
    return constant.type.constant_type(constant.type, constant.data)


def _routed(step: Step, part: Reading, route: _Route) -> Settled:
    differs = part.values != route.first
    if route.holds and not (differs & ~route.proven).any():
        return Settled(step, route.reading(part))
    whole = worked_out_in(step)
    reading = read(whole)
    route.holds = route.holds and _agree(route.reading(part), reading)
    route.proven |= differs
    return Settled(step, reading, (whole, reading))


def _agree(routed: Reading, reading: Reading) -> bool:
    """Whether a route gave what was read of the whole."""
    return (
        routed.key == reading.key
        and routed.shared == reading.shared
        and np.array_equal(routed.values, reading.values)
    )


def _without_graph(reading: Reading) -> Reading:
    """A reading that keeps no trial's graph or variables alive."""
    lifted = tuple((None, index, dtype) for _, index, dtype in reading.lifted)
    return replace(reading, shared=(), lifted=lifted)
