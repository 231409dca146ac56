"""The runner: one lease of trials after the other."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pylearn2core import patches
from pylearn2core.cache import Bounded
from pylearn2core.config import nodes, yaml_parse
from pylearn2core.config.imports import import_alias
from pylearn2core.errors import ConfigError
from sweeper.host.patches import quiet_imports
from sweeper.records import Ended, ExperimentText, RunnerSetup, TrialTask
from sweeper.records.errors import InputError
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import generators
from sweeper.workers.runner.attempt import Leave, attempt
from sweeper.workers.runner.attempt_files import AttemptFiles
from sweeper.workers.runner.context import RunnerContext
from sweeper.workers.runner.packing import Item, RunningAttempt, side_by_side
from sweeper.workers.runner.rows import ChannelFilter

# What those that run side by side have in common: text, pack and mates.
_Kind: TypeAlias = tuple[str, int | None, int | None]

_TEXTS_KEPT = 32  # the scheduler has no more open at once


class Runner:
    """Runs leases of trials.

    Raises InputError where a real Pylearn2 stands before the one that users' files mean here.
    """

    def __init__(self, setup: RunnerSetup, worker: int) -> None:
        try:
            import_alias()
        except ConfigError as error:
            raise InputError(str(error)) from error
        beside = Path(setup.spec_path).absolute().parent
        self._context = RunnerContext(
            setup=setup,
            worker=worker,
            allowed=yaml_parse.allow_list(setup.modules, beside),
            channels=ChannelFilter(setup.channels),
            files=AttemptFiles(setup.results),
            documents=self._documents,
        )
        # Attempts that are not over, of sweeps whose trials wait at rungs.
        self._held: dict[tuple[str, int], tuple[RunningAttempt, Leave]] = {}
        self._parsed: Bounded[str, list[nodes.Node]] = Bounded(_TEXTS_KEPT)
        if str(beside) not in sys.path:
            sys.path.append(str(beside))  # last: nothing of the user's hides a library
        quiet_imports.install(generators.states, generators.set_states)
        patches.install()
        # A line for each channel and epoch of each trial would bury what the user prints.
        logging.getLogger("pylearn2core").setLevel(logging.WARNING)

    def run(
        self,
        tasks: Sequence[TrialTask],
        texts: Mapping[str, ExperimentText],
        interrupted: Interruption,
    ) -> Iterator[Item]:
        """Run the tasks; those of one text side by side. Of each: Began, Built, rows, Ended.

        `tasks` may grow meanwhile: what is there when a slot is free is begun.
        """
        queue = _Queue(tasks)
        while (first := queue.first) is not None:
            text = texts[first.text_id]
            begin = partial(self._begin, queue, _kind(first), text, interrupted)
            yield from self._noted(side_by_side(begin, first.pack, first.mates))
        if interrupted.is_set():  # what waits ends too
            waiting = iter([one for one, _ in self._held.values()])
            yield from self._noted(side_by_side(partial(next, waiting, None), 1))

    def _noted(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items; what has ended is not held any more."""
        for item in items:
            if isinstance(item, Ended):
                self._held.pop((item.trial, item.attempt), None)
            yield item

    def _begin(
        self, queue: _Queue, kind: _Kind, text: ExperimentText, interrupted: Interruption
    ) -> RunningAttempt | None:
        task = queue.take(kind)
        if task is None:
            return None
        if not self._context.setup.stop.across:
            return attempt(self._context, task, text, interrupted)
        key = task.trial, task.number
        if key not in self._held:
            leave = Leave()
            self._held[key] = attempt(self._context, task, text, interrupted, leave), leave
        running, leave = self._held[key]
        leave.past, leave.stop = task.past, task.stop
        return running

    def _documents(self, text_id: str, text: ExperimentText) -> list[nodes.Node]:
        """The text's documents, parsed once; those of texts long gone are forgotten."""
        if text_id not in self._parsed:
            self._parsed[text_id] = nodes.parse(text.text, source=text.source, lines=text.lines)
        return self._parsed[text_id]


def _kind(task: TrialTask) -> _Kind:
    return task.text_id, task.pack, task.mates


class _Queue:
    """Tasks that have not begun, of a list that may grow."""

    def __init__(self, tasks: Sequence[TrialTask]) -> None:
        self._tasks = tasks
        self._at = 0

    @property
    def first(self) -> TrialTask | None:
        """The next one, None where there is none now."""
        return self._tasks[self._at] if self._at < len(self._tasks) else None

    def take(self, kind: _Kind) -> TrialTask | None:
        """The next one if it is of this kind, or ends where it waits."""
        first = self.first
        if first is None or (_kind(first) != kind and first.stop is None):
            return None
        self._at += 1
        return first
