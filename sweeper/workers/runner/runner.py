"""The runner: one lease of trials after the other."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from pylearn2core.config import nodes, yaml_parse
from pylearn2core.config.imports import import_alias
from pylearn2core.errors import ConfigError
from sweeper.errors import InputError
from sweeper.records import ExperimentText, RunnerSetup, TrialTask
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import quiet_imports
from sweeper.workers.runner.attempt import Bench, attempt
from sweeper.workers.runner.packing import Item, side_by_side
from sweeper.workers.runner.results import Results
from sweeper.workers.runner.rows import ChannelFilter

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
        self._bench = Bench(
            setup=setup,
            worker=worker,
            allowed=yaml_parse.allow_list(setup.modules, beside),
            channels=ChannelFilter(setup.channels),
            results=Results(setup.results),
            documents=self._documents,
        )
        self._parsed: dict[str, list[nodes.Node]] = {}
        if str(beside) not in sys.path:
            sys.path.append(str(beside))  # last: nothing of the user's hides a library
        quiet_imports.install()
        # A line for each channel and epoch of each trial would bury what the user prints.
        logging.getLogger("pylearn2core").setLevel(logging.WARNING)

    def run(
        self,
        tasks: Sequence[TrialTask],
        texts: Mapping[str, ExperimentText],
        interrupted: Interruption,
    ) -> Iterator[Item]:
        """Run the tasks; those of one text side by side. Of each: Began, Built, rows, Ended."""
        bench = self._bench
        for (text_id, *of), group in groupby(tasks, key=attrgetter("text_id", "pack", "mates")):
            attempts = (attempt(bench, task, texts[text_id], interrupted) for task in group)
            yield from side_by_side(attempts, *of)

    def _documents(self, text_id: str, text: ExperimentText) -> list[nodes.Node]:
        """The text's documents, parsed once; those of texts long gone are forgotten."""
        if text_id not in self._parsed:
            while len(self._parsed) >= _TEXTS_KEPT:
                del self._parsed[next(iter(self._parsed))]
            self._parsed[text_id] = nodes.parse(text.text, source=text.source, lines=text.lines)
        return self._parsed[text_id]
