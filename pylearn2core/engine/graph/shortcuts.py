"""From a step whose gradients wait to its program, without working them out.

The whole graph of a step follows from the part that is there before them. So the key of that part
leads to the key of the whole, and to where its shared variables and its lifted constants stand
there: a **shortcut**, which the first such step shows. Lifted constants are values, which a key
leaves out; a place where a trial's value differs from the first trial's is therefore looked at once
in the whole graph as well, before a shortcut is trusted to pass that place on.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pylearn2core.cache import Bounded, identity
from pylearn2core.engine.graph.copies import with_gradients
from pylearn2core.engine.graph.reading import Reading, read
from pylearn2core.engine.graph.step import Step

_LITERAL = -1


@dataclass(slots=True)
class _Shortcut:
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


_shortcuts: Bounded[Hashable, _Shortcut] = Bounded(128)  # by the key of the part


class Resolved:
    """A step and what is known of its whole graph, its gradients among it.

    reading: of the whole graph; but where a shortcut gave it, `lifted` names no nodes.
    """

    def __init__(self, step: Step, reading: Reading, whole: Step | None = None) -> None:
        self.reading = reading
        self._step = step
        self._whole = None if whole is None else (whole, reading)

    @property
    def whole(self) -> tuple[Step, Reading]:
        """The step with its gradients worked out, and what was read of it."""
        if self._whole is None:
            step = with_gradients(self._step)
            self._whole = step, read(step)
        return self._whole


def resolve(step: Step) -> Resolved:
    """Read a step; its gradients are worked out only where no shortcut is known."""
    part = read(step)
    if not part.waits:
        return Resolved(step, part, step)
    shortcut = _shortcuts.recall(part.key)
    if shortcut is None:
        resolved, _shortcuts[part.key] = _explore(step, part)
        return resolved
    return _follow(shortcut, step, part)


def _explore(step: Step, part: Reading) -> tuple[Resolved, _Shortcut]:
    """Work the gradients out, and find everything of the part in the whole."""
    # One constant may stand in several places: for the search each place gets one of its own.
    marks = {(node, index): _twin(node.inputs[index]) for node, index, _ in part.lifted}
    whole = with_gradients(step, marks)
    reading = read(whole)
    places = {identity(constant): place for place, constant in enumerate(marks.values())}
    sources = [
        places.get(identity(node.inputs[index]), _LITERAL) for node, index, _ in reading.lifted
    ]
    where = {variable: place for place, variable in enumerate(part.shared)}
    shared = [where.get(variable, _LITERAL) for variable in reading.shared]
    shortcut = _Shortcut(
        whole=_without_graph(reading),
        shared=shared,
        sources=np.array(sources, dtype=np.intp),
        first=part.values,
        proven=np.zeros(len(part.values), dtype=bool),
        holds=_LITERAL not in shared,
    )
    return Resolved(step, reading, whole), shortcut


def _twin(constant: Any) -> Any:
    """An equal constant that is another object."""
    return constant.type.constant_type(constant.type, constant.data)


def _follow(shortcut: _Shortcut, step: Step, part: Reading) -> Resolved:
    """Take a shortcut; look at the whole graph where it is not to be trusted yet."""
    differs = part.values != shortcut.first
    if shortcut.holds and not (differs & ~shortcut.proven).any():
        return Resolved(step, shortcut.reading(part))
    whole = with_gradients(step)
    reading = read(whole)
    shortcut.holds = shortcut.holds and _agree(shortcut.reading(part), reading)
    shortcut.proven |= differs
    return Resolved(step, reading, whole)


def _agree(told: Reading, reading: Reading) -> bool:
    """Whether a shortcut told what was read of the whole."""
    return (
        told.key == reading.key
        and told.shared == reading.shared
        and np.array_equal(told.values, reading.values)
    )


def _without_graph(reading: Reading) -> Reading:
    """A reading that keeps no trial's graph or variables alive."""
    lifted = tuple((None, index, dtype) for _, index, dtype in reading.lifted)
    return replace(reading, shared=(), lifted=lifted)
