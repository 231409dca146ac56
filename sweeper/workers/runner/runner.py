"""The runner: one lease of trials after the other."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pylearn2core import paths
from pylearn2core.config import nodes, yaml_parse
from pylearn2core.config.imports import import_alias
from pylearn2core.engine import Record, Request, width
from pylearn2core.errors import ConfigError, Pylearn2CoreError
from sweeper.errors import InputError
from sweeper.records import (
    AttemptState,
    Began,
    Built,
    Ended,
    ExperimentText,
    Row,
    RunnerSetup,
    TrialTask,
)
from sweeper.workers.runner.packing import Attempt, Item, side_by_side
from sweeper.workers.runner.rows import ChannelFilter, loop_of
from sweeper.workers.runner.surroundings import Surroundings

_TEXTS_KEPT = 32  # the scheduler has no more open at once


class InterruptedAttemptError(Exception):
    """The driver asked running attempts to end."""


class Runner:
    """Runs leases of trials.

    Raises InputError where a real Pylearn2 stands before the one that users' files mean here.
    """

    def __init__(self, setup: RunnerSetup, worker: int) -> None:
        try:
            import_alias()
        except ConfigError as error:
            raise InputError(str(error)) from error
        self._setup = setup
        self._worker = worker
        self._spec = Path(setup.spec_path)
        self._allowed = yaml_parse.allow_list(setup.modules, self._spec.parent)
        self._filter = ChannelFilter(setup.channels)
        self._parsed: dict[str, list[nodes.Node]] = {}
        folder = str(self._spec.parent)
        if folder not in sys.path:
            sys.path.append(folder)  # last: nothing of the user's hides a library
        # A line for each channel and epoch of each trial would bury what the user prints.
        logging.getLogger("pylearn2core").setLevel(logging.WARNING)

    def run(
        self,
        tasks: Sequence[TrialTask],
        texts: Mapping[str, ExperimentText],
        interrupted: threading.Event,
    ) -> Iterator[Item]:
        """Run the tasks; those of one text side by side. Of each: Began, Built, rows, Ended."""
        for (text_id, pack), group in groupby(tasks, key=lambda task: (task.text_id, task.pack)):
            attempts = (self._attempt(task, texts[text_id], interrupted) for task in group)
            yield from side_by_side(attempts, pack)

    def _attempt(
        self, task: TrialTask, text: ExperimentText, interrupted: threading.Event
    ) -> Attempt:
        if interrupted.is_set():
            return
        began = time.time()
        yield Began(self._worker, task.trial, task.number, began)
        end: dict[str, Any] = {"outcome": AttemptState.FINISHED}
        info: dict[str, Any] = {}
        work = self._work(task, text, info)
        try:
            reply = None
            while True:
                reply = yield work.send(reply)
                if interrupted.is_set():
                    raise InterruptedAttemptError
        except StopIteration:
            pass
        except InterruptedAttemptError:
            end = {"outcome": AttemptState.INTERRUPTED}
        except (Exception, SystemExit) as error:
            end = _describe(error)
        now = time.time()
        info["seconds"] = now - began
        yield Ended(self._worker, task.trial, task.number, time=now, info=info, **end)

    def _work(self, task: TrialTask, text: ExperimentText, info: dict[str, Any]) -> Attempt:
        """Build and run the phases, all of their code inside the trial's own surroundings."""
        out = Path(self._setup.run_dir) / "trials" / task.trial / f"a{task.number}"
        inside = Surroundings(f"{task.trial}.a{task.number}", self._places(out), task.seed)
        try:
            yield from self._work_inside(inside, out, task, text, info)
        finally:
            inside.leave()

    def _work_inside(
        self,
        inside: Surroundings,
        out: Path,
        task: TrialTask,
        text: ExperimentText,
        info: dict[str, Any],
    ) -> Attempt:
        began = time.time()
        tokens = nodes.bind(task.tokens, trial=task.trial, out=str(out))
        is_built = False
        for phase, experiment in enumerate(self._phases(task, text, tokens, inside)):
            loop = loop_of(experiment)
            reply: Any = None
            while (item := inside.send(loop, reply)) is not None:
                reply = None
                if not is_built:  # what an experiment is shows when it has something to say
                    is_built = True
                    info["build_s"] = time.time() - began
                    info["slots"] = slots = _slots(item, task.pack)
                    yield Built(self._worker, task.trial, task.number, time.time(), slots)
                if isinstance(item, Record):
                    yield self._row(task, phase, item)
                    continue
                reply = yield item
                if isinstance(reply, Exception):
                    raise reply

    def _row(self, task: TrialTask, phase: int, record: Record) -> Row:
        channels, data = self._filter.pack(record.values)
        return Row(task.trial, task.number, phase, record.epoch, time.time(), channels, data)

    def _phases(
        self, task: TrialTask, text: ExperimentText, tokens: tuple[Any, ...], inside: Surroundings
    ) -> Iterator[Any]:
        """The experiments of a trial; a document is built when the one before it is through."""
        for document in self._documents(task.text_id, text):
            with inside:
                built = yaml_parse.build(
                    document, tokens=tokens, source=text.source, allowed=self._allowed
                )
            yield from built if isinstance(built, list | tuple) else [built]

    def _documents(self, text_id: str, text: ExperimentText) -> list[nodes.Node]:
        """The text's documents, parsed once; those of texts long gone are forgotten."""
        if text_id not in self._parsed:
            while len(self._parsed) >= _TEXTS_KEPT:
                del self._parsed[next(iter(self._parsed))]
            self._parsed[text_id] = nodes.parse(text.text, source=text.source, lines=text.lines)
        return self._parsed[text_id]

    def _places(self, out: Path) -> paths.Places:
        stem = self._spec.name.split(".")[0]
        environ = {
            "PYLEARN2_TRAIN_DIR": str(out),
            "PYLEARN2_TRAIN_BASE_NAME": self._spec.name,
            "PYLEARN2_TRAIN_FILE_STEM": stem,
            "PYLEARN2_TRAIN_FILE_FULL_STEM": str(out / stem),
        }
        return paths.Places(read=self._spec.parent, write=out, environ=environ)


def _slots(item: Request | Record, asked: int | None) -> int:
    return 1 if isinstance(item, Record) else width(item, asked)


def _describe(error: BaseException) -> dict[str, Any]:
    """How an attempt failed: the user's input, or an exception of the experiment's."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, ConfigError):
        return {
            "outcome": AttemptState.FAILED,
            "kind": "input",
            "message": str(error),
            "traceback": text,
        }
    own = isinstance(error, Pylearn2CoreError)
    message = str(error) if own else f"{type(error).__name__}: {error}"
    return {
        "outcome": AttemptState.FAILED,
        "kind": "error",
        "message": message,
        "traceback": text,
    }
