"""A trial's hold on a program: the program is shared, the values are the trial's own."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pylearn2core.engine import lower, state
from pylearn2core.engine.conv import convolves
from pylearn2core.engine.graph import Step
from pylearn2core.engine.order import Order
from pylearn2core.engine.passes import Array, Data, Pass
from pylearn2core.engine.program import UNTRACEABLE, DeviceProgram, HostProgram, Program
from pylearn2core.engine.route import settle
from pylearn2core.engine.width import Work

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Entry:
    """A key's place in the table of programs.

    proven: the methods that have run.    packs: False where the program can't run as a pack.
    work: of a batch, by its rows and the shapes of the shared variables.
    fits: packs that fit the device's memory.    most: slots that do, where not all did.
    convolves: whether it has a convolution.    shapes: of shared variables that it has run at.
    known: measurements, see memo.py.
    """

    program: Program
    proven: set[str] = field(default_factory=set)
    packs: bool = True
    work: dict[Hashable, Work] = field(default_factory=dict)
    fits: set[Hashable] = field(default_factory=set)
    most: dict[Hashable, int] = field(default_factory=dict)
    convolves: bool = False
    shapes: set[Hashable] = field(default_factory=set)
    known: dict[Hashable, Any] = field(default_factory=dict)

    def note(self, shapes: Hashable) -> None:
        """A pass with these shapes comes: one more compilation, or none.

        A sweep over widths compiles at each; a worker that lives long must not keep them all.
        """
        if shapes not in self.shapes and len(self.shapes) >= _SHAPES_KEPT:
            self.program.forget()
            self.shapes.clear()
        self.shapes.add(shapes)


# Compiled code is a few MB a program: enough of it to come back to, not enough to fill a node.
_KEYS_KEPT = 64
_SHAPES_KEPT = 32
_entries: dict[Hashable, Entry] = {}  # the key used last comes last


class Bound:
    """One trial's step: a program that it shares, and values that are its own.

    shapes: of the shared variables' values; programs of one key run at several.
    """

    def __init__(self, step: Step) -> None:
        self._own = settle(step)
        self._lifted = lower.lifted_values(self._own)
        self.shapes = state.shapes(self._own.shared)
        # Hashing a key costs as much as reading its graph: look it up once.
        key = self._own.key
        self._entry = _entries.pop(key) if key in _entries else self._new_entry()
        _entries[key] = self._entry
        while len(_entries) > _KEYS_KEPT:
            del _entries[next(iter(_entries))]

    def _new_entry(self) -> Entry:
        step, reading = self._own.whole
        has_convolution = convolves(step.roots)
        try:
            program: Program = DeviceProgram(step, reading, convolves=has_convolution)
        except NotImplementedError as error:
            program = HostProgram(step, reading)
            _tell(error)
        return Entry(program, convolves=has_convolution)

    @property
    def updated(self) -> tuple[Any, ...]:
        """The shared variables that `train` changes, in the order of the flags it returns."""
        return self._own.shared[: self._own.updated]

    def train(self, data: Data, order: Order) -> Array:
        """Train one pass; return for each updated variable whether it is finite."""
        updated, finite = self._call("train", [(data, order)], data, order)
        state.push(self.updated, updated)
        return np.asarray(finite)

    def measure(self, passes: Sequence[Pass]) -> Array:
        """Mean of each output over each pass's rows; shape (n_passes, n_outputs)."""
        updated, means = self._call("measure", passes, passes)
        state.push(self.updated, updated)
        return np.asarray(means)

    @property
    def entry(self) -> Entry:
        """The program's place in the table: the same object for trials of one key."""
        return self._entry

    @property
    def shared(self) -> tuple[Any, ...]:
        """The step's shared variables, in the program's order."""
        return self._own.shared

    @property
    def lifted(self) -> Data:
        """The values of the step's lifted constants, 0-d arrays."""
        return self._lifted

    def compiled_for(self, passes: Sequence[Pass]) -> Hashable:
        """What the compiled code depends on, beside the key."""
        shapes = ((order.shapes, tuple(array.shape for array in data)) for data, order in passes)
        return self.shapes, tuple(shapes)

    def outputs(self) -> Data:
        """The outputs of a step that has no batch, as host arrays."""
        program = self._entry.program
        values = program.once(self._shared(program), self._lifted)
        return tuple(np.asarray(value) for value in values)

    def _call(self, method: str, passes: Sequence[Pass], *arguments: Any) -> Any:
        """Call a method of the program. passes: what it goes through."""
        entry = self._entry
        entry.note(self.compiled_for(passes))
        if method in entry.proven:
            return self._run(entry.program, method, *arguments)
        try:
            result = self._run(entry.program, method, *arguments)
        except UNTRACEABLE as error:
            if isinstance(entry.program, HostProgram):
                raise
            host = HostProgram(*self._own.whole)
            result = self._run(host, method, *arguments)
            entry.program = host  # not where the fault was this trial's own data
            _tell(error)
        entry.proven.add(method)
        return result

    def _run(self, program: Program, method: str, *arguments: Any) -> Any:
        return getattr(program, method)(self._shared(program), self._lifted, *arguments)

    def _shared(self, program: Program) -> Data:
        on_host = isinstance(program, HostProgram)
        return (state.host_values if on_host else state.pull)(self._own.shared)


def _tell(error: Exception) -> None:
    log.warning(
        "This graph can't be one JAX program (%s); it runs on PyTensor's own linker, one "
        "batch a call.",
        str(error).splitlines()[0] if str(error) else type(error).__name__,
    )
