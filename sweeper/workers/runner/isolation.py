"""A trial's isolation: where its paths lead, what it draws from, its name in the log, its settings.

Many trials run in one process, and take turns in it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar, Self, TypeVar

from pylearn2core import paths
from sweeper.workers import logs
from sweeper.workers.runner.children import end_left_over
from sweeper.workers.runner.failure import EscapedError
from sweeper.workers.runner.generators import NumpyGenerator, PythonGenerator
from sweeper.workers.runner.process_state import ProcessState

Item = TypeVar("Item")


class Isolation:
    """A context: inside it, one trial's places and generators are the process's.

    name: of the attempt, before each line that it prints.
    seed: both generators start from it.

    After it the generators stay as they are until another trial's come: nothing else here
    draws from them, and to put them back each time would take as long as a small epoch.
    What trials set for the whole process is put back when none is left that runs.
    """

    _installed: ClassVar[Isolation | None] = None
    _running: ClassVar[int] = 0  # trials that are not over
    _before: ClassVar[ProcessState | None] = None  # as it was when none ran
    _normal_left: ClassVar[bool] = True  # whether NumPy may hold a normal of one that is over

    def __init__(self, name: str, places: paths.Places, seed: int) -> None:
        self._name = name
        self._places = places
        self._python = PythonGenerator(seed)
        self._numpy = NumpyGenerator(seed)
        self._use: list[Any] = []
        self._is_used = False
        if Isolation._running == 0:
            Isolation._before = ProcessState.now()
        Isolation._running += 1

    def __enter__(self) -> Self:
        self._is_used = True
        self._install()
        use = paths.use(self._places)
        use.__enter__()
        self._use.append(use)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._use.pop().__exit__(None, None, None)
        # It would end the worker (sys.exit, KeyboardInterrupt, asyncio's CancelledError), or mean
        # something else to the generators around it: what ends here is the trial.
        if isinstance(error, StopIteration) or not isinstance(error, Exception | None):
            raise EscapedError(error) from error

    def _install(self) -> None:
        before = Isolation._installed
        if before is self:
            return
        if before is not None:
            before._python.leave()
        normal_left = Isolation._normal_left if before is None else before._numpy.leave()
        self._python.install()
        self._numpy.install(normal_left=normal_left)
        Isolation._installed = self
        logs.speak_as(self._name)

    def leave(self) -> None:
        """The trial is over: nothing is kept for it."""
        Isolation._running -= 1
        if Isolation._running == 0 and self._is_used:  # else they may be another trial's
            with self:
                end_left_over()
        if Isolation._running == 0 and Isolation._before is not None:
            Isolation._before.put_back()
        if Isolation._installed is self:
            Isolation._installed = None
            Isolation._normal_left = self._numpy.leave()
            logs.speak_as("")
        self._numpy.free()

    def send(self, loop: Generator[Item, Any, None], reply: Any) -> Item | None:
        """Let a generator go on, inside, to its next item; None at its end."""
        with self:
            try:
                return loop.send(reply)
            except StopIteration:
                return None
