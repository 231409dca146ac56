"""One attempt at a trial: from its Began to its Ended."""

from __future__ import annotations

import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from pylearn2core import paths
from pylearn2core.config import nodes, yaml_parse
from pylearn2core.engine import Record, Request, width
from pylearn2core.errors import ConfigError, Pylearn2CoreError
from sweeper.host import variables
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
from sweeper.runs.folder import RunFolder, attempt_path
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import checkpoints, generators
from sweeper.workers.runner.checkpoint_file import Checkpoint
from sweeper.workers.runner.checkpoints import Keeper, Phase
from sweeper.workers.runner.isolation import Isolation
from sweeper.workers.runner.packing import Attempt, reply_of
from sweeper.workers.runner.results import Results
from sweeper.workers.runner.rows import ChannelFilter, loop_of

log = logging.getLogger(__name__)


class InterruptedAttemptError(Exception):
    """The driver asked a running attempt to end."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all attempts of a worker share.

    allowed: what `!obj:` may name.    documents: a text's, by its id and the text.
    """

    setup: RunnerSetup
    worker: int
    allowed: Any
    channels: ChannelFilter
    results: Results
    documents: Callable[[str, ExperimentText], list[nodes.Node]]


def attempt(
    bench: Bench, task: TrialTask, text: ExperimentText, interrupted: Interruption
) -> Attempt:
    """Run one: Began, Built, rows, and Ended, with the requests to the engine between them.

    Nothing where the lease was interrupted before; its Ended alone where the trial was.
    """
    if interrupted.is_set():
        return
    began = time.time()
    info: dict[str, Any] = {}
    end: dict[str, Any] = {"outcome": AttemptState.INTERRUPTED}
    if not interrupted.names(task.trial):
        yield Began(bench.worker, task.trial, task.number, began)
        run = _Run(bench, task, text, interrupted, info)
        try:
            yield from run.work()
            end = {"outcome": AttemptState.FINISHED}
        except InterruptedAttemptError:
            pass
        except (Exception, SystemExit) as error:
            end = _describe(error)
        if end["outcome"] is not AttemptState.INTERRUPTED:
            run.keeper.end(well=end["outcome"] is AttemptState.FINISHED)
    now = time.time()
    info["seconds"] = now - began
    yield Ended(bench.worker, task.trial, task.number, time=now, info=info, **end)


class _Run:
    """An attempt's work. info: facts worth keeping, filled on the way."""

    def __init__(
        self,
        bench: Bench,
        task: TrialTask,
        text: ExperimentText,
        interrupted: Interruption,
        info: dict[str, Any],
    ) -> None:
        setup = bench.setup
        out = _trials(setup.run_dir) / attempt_path(task.trial, task.number)
        self.keeper = Keeper(task, setup.checkpoint, out, bench.results)
        self._bench = bench
        self._task = task
        self._text = text
        self._interrupted = interrupted
        self._info = info
        self._out = out
        self._began = time.time()
        self._is_built = False
        self._has_rows = False

    def work(self) -> Attempt:
        """Build and run the phases, all of their code inside the trial's own isolation."""
        task = self._task
        name = f"{task.trial}.a{task.number}"
        inside = Isolation(name, _places(self._bench.setup, self._out), task.seed)
        try:
            missing, phases = self._begin(inside)
            yield from missing
            for phase in phases:
                yield from self._phase(phase, inside)
        finally:
            inside.leave()

    def _phase(self, phase: Phase, inside: Isolation) -> Attempt:
        loop = loop_of(phase.experiment, phase.after)
        reply: Any = None
        while (item := inside.send(loop, reply)) is not None:
            reply = None
            if not self._is_built:  # what an experiment is shows when it has something to say
                yield self._built(item)
            if isinstance(item, Record):
                row = self._row(phase.number, item)
                yield row
                self._after(row, phase, inside)
                continue
            reply = reply_of(item, (yield item), self._info)
            self._heed(phase)

    def _built(self, item: Request | Record) -> Built:
        task = self._task
        slots = 1 if isinstance(item, Record) else width(item, task.pack, task.mates)
        self._is_built = True
        self._info["build_s"] = time.time() - self._began
        if self._bench.setup.precision != "float32":
            self._info["precision"] = self._bench.setup.precision
        return Built(self._bench.worker, task.trial, task.number, time.time(), slots)

    def _row(self, phase: int, record: Record) -> Row:
        task = self._task
        channels, data = self._bench.channels.pack(record.values)
        return Row(task.trial, task.number, phase, record.epoch, time.time(), channels, data)

    # -------------------------------------------------------------- interrupts and checkpoints
    def _after(self, row: Row, phase: Phase, inside: Isolation) -> None:
        """Save after a row, if it is time to; end here if that was asked."""
        self._has_rows = True
        self.keeper.see(row)
        asked = self._interrupted.of(self._task.trial)
        if (asked or self.keeper.is_due(row)) and phase.can_be_saved:
            with inside:
                self.keeper.save(phase)
        if asked:
            raise InterruptedAttemptError

    def _heed(self, phase: Phase) -> None:
        """End in mid-epoch if that was asked, unless the next row's checkpoint saves work."""
        if self._interrupted.of(self._task.trial) and not (self._has_rows and phase.can_be_saved):
            raise InterruptedAttemptError

    # -------------------------------------------------------------- the phases
    def _begin(self, inside: Isolation) -> tuple[Iterator[Row], Iterator[Phase]]:
        """The phases to run, from an earlier attempt's checkpoint where there is one.

        And the rows that were lost with that attempt.
        """
        task = self._task
        for found in checkpoints.find(task, self._out, self._bench.results):
            with inside:
                fresh = generators.states()
            try:
                found.bring_files(self._out)
                phases = self._phases(inside, found.checkpoint)
                first = next(phases)
            except Exception as error:
                number = found.checkpoint.attempt
                log.warning("attempt %d's checkpoint is passed over: %r", number, error)
                shutil.rmtree(self._out, ignore_errors=True)
                with inside:
                    generators.set_states(fresh)
                continue
            self.keeper.go_on_from(found.checkpoint)
            phase, epoch = found.checkpoint.at
            place = {"attempt": found.checkpoint.attempt, "phase": phase, "epoch": epoch}
            self._info["resumed_from"] = place
            again = (replace(row, attempt=task.number) for row in found.missing)
            return again, chain([first], phases)
        return iter(()), self._phases(inside, None)

    def _phases(self, inside: Isolation, start: Checkpoint | None) -> Iterator[Phase]:
        """The phases from `start`'s on; a document is built when the one before it is through."""
        task = self._task
        tokens = nodes.bind(task.tokens, trial=task.trial, out=str(self._out))
        at, first_document = (start.at[0], start.document) if start is not None else (0, 0)
        number = start.first if start is not None else 0
        documents = self._bench.documents(task.text_id, self._text)
        for place, document in enumerate(documents[first_document:], first_document):
            built = self._build(document, tokens, inside)
            for phase in [Phase(number + k, place, built, number) for k in range(len(built))]:
                if start is not None and phase.number == at:
                    with inside:
                        checkpoints.load(phase, start)
                    yield replace(phase, after=start.at[1])
                elif phase.number >= at:
                    yield phase
            number += len(built)

    def _build(self, document: nodes.Node, tokens: tuple[Any, ...], inside: Isolation) -> list[Any]:
        with inside:
            built = yaml_parse.build(
                document, tokens=tokens, source=self._text.source, allowed=self._bench.allowed
            )
        return list(built) if isinstance(built, list | tuple) else [built]


# Of a worker there is one of each. To take a path apart takes as long as a trivial trial's row.
@cache
def _trials(run_dir: str) -> Path:
    return RunFolder(Path(run_dir)).trials


@cache
def _spec(spec_path: str) -> tuple[Path, str, str]:
    """(folder, name, stem) of a spec file."""
    spec = Path(spec_path).absolute()
    return spec.parent, spec.name, spec.name.split(".")[0]


def _places(setup: RunnerSetup, out: Path) -> paths.Places:
    folder, name, stem = _spec(setup.spec_path)
    environ = {
        variables.TRAIN_DIR: str(out),
        variables.TRAIN_BASE_NAME: name,
        variables.TRAIN_FILE_STEM: stem,
        variables.TRAIN_FILE_FULL_STEM: f"{out}/{stem}",
    }
    return paths.Places(read=folder, write=out, environ=environ)


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
