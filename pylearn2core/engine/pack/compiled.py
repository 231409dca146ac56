"""A key's program with what is known of it, and a trial's hold on it.

Trials whose steps read the same share one `Compiled`; the values that it runs on are each trial's
own, in its `Bound`.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import Any, cast

import jax
import numpy as np

from pylearn2core.cache import Bounded
from pylearn2core.engine.data.order import Order
from pylearn2core.engine.data.stream import host_rows
from pylearn2core.engine.graph.shortcuts import Resolved, resolve
from pylearn2core.engine.graph.step import Step
from pylearn2core.engine.ops.conv import convolves
from pylearn2core.engine.pack.fitting import fewer_slots, room_for
from pylearn2core.engine.pack.width import Work, best_width, shares_batches
from pylearn2core.engine.program import lower, values
from pylearn2core.engine.program.device import DeviceProgram
from pylearn2core.engine.program.host import HostProgram
from pylearn2core.engine.program.loops import UNTRACEABLE
from pylearn2core.engine.program.passes import Array, Data, Pass

log = logging.getLogger(__name__)

# Compiled code is a few MB a program: enough of it to come back to, not enough to fill a node.
_KEYS_KEPT = 64
_SHAPES_KEPT = 32
_CALLS_KEPT = 256  # what is known of a method, its shapes and its width
_MEASUREMENTS_KEPT = 256  # a few numbers each

Program = DeviceProgram | HostProgram


class UnprovenPackError(Exception):
    """A pack failed whose program has never run as one: JAX may be unable to vectorise it."""


class Compiled:
    """A key's program, for all trials whose steps have that key.

    It runs one trial or a pack of them, and knows how many slots a pack has. What it keeps: by the
    shapes that the compiled code depends on (`Bound.compiled_for`), which of them were compiled,
    the work of a batch, and the packs that the device's memory took or did not.

    measured: measurements to be had again, see measured.py.
    """

    def __init__(self, resolved: Resolved) -> None:
        step, reading = resolved.whole
        self._convolves = convolves(step.roots)
        self._program: Program
        try:
            self._program = DeviceProgram(step, reading, convolves=self._convolves)
        except NotImplementedError as error:
            self._program = HostProgram(step, reading)
            _tell(error)
        self.measured: Bounded[Hashable, Any] = Bounded(_MEASUREMENTS_KEPT)
        self._can_pack = True
        self._proven: set[str] = set()  # the methods that have run
        self._shapes: set[Hashable] = set()
        self._work: Bounded[Hashable, Work] = Bounded(_CALLS_KEPT)
        self._fits: Bounded[Hashable, None] = Bounded(_CALLS_KEPT)
        self._most: Bounded[Hashable, int] = Bounded(_CALLS_KEPT)

    @classmethod
    def of(cls, resolved: Resolved) -> Compiled:
        """What was compiled for a step's key; made anew where nothing is known."""
        # Hashing a key costs as much as reading its graph: so `recall`, not `in`.
        key = resolved.reading.key
        found = _by_key.recall(key)
        if found is None:
            found = _by_key[key] = cls(resolved)
        return found

    @property
    def program(self) -> Program:
        """The program as it is now: a graph that shows only when it runs that JAX can't take it
        moves to the host then."""
        return self._program

    @property
    def is_on_device(self) -> bool:
        """Whether it is one JAX program."""
        return isinstance(self._program, DeviceProgram)

    @property
    def can_pack(self) -> bool:
        """Whether trials may run as its slots."""
        return self._can_pack and self.is_on_device

    # -------------------------------------------------------------- one trial
    def train(self, trial: Bound, data: Data, order: Order) -> Array:
        """Train one pass; return for each updated variable whether it is finite."""
        updated, finite = self._run("train", trial, [(data, order)], data, order)
        values.push(trial.updated, updated)
        return np.asarray(finite)

    def measure(self, trial: Bound, passes: Sequence[Pass]) -> Array:
        """Mean of each output over each pass's rows; shape (n_passes, n_outputs)."""
        updated, means = self._run("measure", trial, passes, passes)
        values.push(trial.updated, updated)
        return np.asarray(means)

    def outputs(self, trial: Bound) -> Data:
        """The outputs of a step that has no batch, as host arrays."""
        found = self._program.once(*_own(trial, self._program))
        return tuple(np.asarray(value) for value in found)

    def _run(self, method: str, trial: Bound, passes: Sequence[Pass], *arguments: Any) -> Any:
        """Call a method of the program. passes: what it goes through."""
        self._note(trial.compiled_for(passes))
        if method in self._proven:
            return _call(self._program, method, trial, *arguments)
        try:
            result = _call(self._program, method, trial, *arguments)
        except UNTRACEABLE as error:
            if not self.is_on_device:
                raise
            host = HostProgram(*trial.whole)
            result = _call(host, method, trial, *arguments)
            self._program = host  # not where the fault was this trial's own data
            _tell(error)
        self._proven.add(method)
        return result

    def _note(self, shapes: Hashable) -> None:
        """A pass with these shapes comes: one more compilation, or none.

        A sweep over widths compiles at each; a worker that lives long must not keep them all.
        """
        if shapes not in self._shapes and len(self._shapes) >= _SHAPES_KEPT:
            self._program.forget()
            self._shapes.clear()
        self._shapes.add(shapes)

    # -------------------------------------------------------------- how wide a pack is
    def width(
        self, trial: Bound, passes: Sequence[Pass], asked: int | None, mates: int | None
    ) -> int:
        """How many slots it has as a pack; 1 where packing does not pay.

        asked: the user's own choice.
        mates: how many trials of the whole sweep are likely to have its key; None: not known.
        """
        if not self.can_pack:
            return 1
        wished = asked
        if wished is None:
            wished = best_width(self.work(trial, passes), jax.default_backend(), mates)
        return min(wished, self.most_slots(trial, passes))

    def most_slots(self, trial: Bound, passes: Sequence[Pass]) -> int:
        """How many slots the device's memory takes, as far as is known."""
        return self._most.get(trial.compiled_for(passes), 1 << 30) if self._most else 1 << 30

    def halve(
        self, trial: Bound, passes: Sequence[Pass], n_slots: int, error: Exception
    ) -> int | None:
        """How many slots to try after an error, from now on; None where it was not about memory."""
        fewer = fewer_slots(passes, n_slots, error)
        if fewer is not None:
            self._most[trial.compiled_for(passes)] = fewer
        return fewer

    def shares(self, trial: Bound, passes: Sequence[Pass]) -> bool:
        """Whether slots that train on the same batches share each product with them."""
        return self.is_on_device and shares_batches(self.work(trial, passes))

    def work(self, trial: Bound, passes: Sequence[Pass]) -> Work:
        """One batch's work."""
        rows = max(order.largest for _, order in passes)
        key = (rows, trial.shapes)
        known = self._work.recall(key)
        if known is None:
            places = np.zeros(rows, dtype=np.int32)
            batch = tuple(host_rows(array, places) for array in passes[0][0])
            program = cast(DeviceProgram, self._program)
            known = self._work[key] = Work(
                *program.work(batch, values.pull(trial.shared), trial.lifted),
                rows=sum(array.nbytes for array in batch),
                convolves=self._convolves,
            )
        return known

    # -------------------------------------------------------------- a pack
    def train_pack(
        self, trials: Sequence[Bound], n_real: int, data: Data, orders: Sequence[Order]
    ) -> list[Any]:
        """`train` for the slots of a pack. Those after the first `n_real` only fill it.

        Raises TooLargeError where it does not fit the device's memory.
        """
        passes = ((data, orders[0]),)
        shares = self.shares(trials[0], passes)
        return self._run_pack("train_pack", trials, n_real, passes, data, orders, shares=shares)

    def measure_pack(
        self, trials: Sequence[Bound], n_real: int, passes: Sequence[Sequence[Pass]]
    ) -> list[Any]:
        """`measure` for the slots of a pack. passes: of each slot."""
        return self._run_pack("measure_pack", trials, n_real, passes[0], passes)

    def _run_pack(
        self,
        method: str,
        trials: Sequence[Bound],
        n_real: int,
        passes: Sequence[Pass],
        *arguments: Any,
        **options: Any,
    ) -> list[Any]:
        """Call a method of the program for the slots of a pack. passes: of the first one."""
        try:
            updated, results = self._call_pack(method, trials, passes, *arguments, **options)
            values.push_pack([trial.updated for trial in trials[:n_real]], updated)
        except UNTRACEABLE as error:
            if method in self._proven:
                raise
            raise UnprovenPackError(str(error)) from error
        self._proven.add(method)
        return list(results[:n_real])

    def _call_pack(
        self,
        method: str,
        trials: Sequence[Bound],
        passes: Sequence[Pass],
        *arguments: Any,
        **options: Any,
    ) -> Any:
        shapes = trials[0].compiled_for(passes)
        self._note(shapes)
        shared = values.pull_pack([trial.shared for trial in trials])
        lifted = tuple(map(np.stack, zip(*(trial.lifted for trial in trials), strict=True)))
        known = (method, shapes, len(trials))
        room = None if known in self._fits else room_for(passes)
        run = getattr(self._program, method)
        results = run(shared, lifted, *arguments, room=room, **options)
        self._fits[known] = None
        return results

    def never_pack(self, error: Exception) -> None:
        """A pack failed where single trials did not: JAX can't vectorise the program."""
        self._can_pack = False
        log.warning("This graph can't run as a pack (%s): its trials run one by one.", error)


_by_key: Bounded[Hashable, Compiled] = Bounded(_KEYS_KEPT)


class Bound:
    """One trial's step: a program that it shares, and values that are its own.

    compiled: the same object for all trials of its key.
    shared: the step's shared variables, in the program's order; `train` changes the `updated` ones,
    and returns its flags in their order.
    lifted: the values of the step's lifted constants, 0-d arrays.
    shapes: of the shared variables' values; programs of one key run at several.
    """

    def __init__(self, step: Step) -> None:
        self._resolved = resolve(step)
        reading = self._resolved.reading
        self.shared = reading.shared
        self.updated = reading.shared[: reading.updated]
        self.lifted = lower.lifted_values(reading)
        self.shapes = values.shapes(self.shared)
        self.compiled = Compiled.of(self._resolved)

    def train(self, data: Data, order: Order) -> Array:
        """Train one pass; return for each updated variable whether it is finite."""
        return self.compiled.train(self, data, order)

    def measure(self, passes: Sequence[Pass]) -> Array:
        """Mean of each output over each pass's rows; shape (n_passes, n_outputs)."""
        return self.compiled.measure(self, passes)

    def outputs(self) -> Data:
        """The outputs of a step that has no batch, as host arrays."""
        return self.compiled.outputs(self)

    @property
    def whole(self) -> tuple[Any, Any]:
        """The step with its gradients worked out, and what was read of it."""
        return self._resolved.whole

    def compiled_for(self, passes: Sequence[Pass]) -> Hashable:
        """What the compiled code depends on, beside the key."""
        shapes = ((order.shapes, tuple(array.shape for array in data)) for data, order in passes)
        return self.shapes, tuple(shapes)


def _call(program: Program, method: str, trial: Bound, *arguments: Any) -> Any:
    return getattr(program, method)(*_own(trial, program), *arguments)


def _own(trial: Bound, program: Program) -> tuple[Data, Data]:
    """A trial's shared values and lifted constants, as a program takes them."""
    on_host = isinstance(program, HostProgram)
    return (values.host_values if on_host else values.pull)(trial.shared), trial.lifted


def _tell(error: Exception) -> None:
    log.warning(
        "This graph can't be one JAX program (%s); it runs on PyTensor's own linker, one "
        "batch a call.",
        str(error).splitlines()[0] if str(error) else type(error).__name__,
    )
