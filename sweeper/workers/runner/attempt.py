"""One attempt at a trial: from its Began to its Ended."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from pylearn2core.config import nodes, yaml_parse
from pylearn2core.engine import Record, Request, width
from pylearn2core.errors import ConfigError
from sweeper.records import (
    AtRung,
    AttemptState,
    Began,
    Built,
    Ended,
    ExperimentText,
    Row,
    Stop,
    TrialTask,
)
from sweeper.records.text import told
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import earlier, generators
from sweeper.workers.runner.checkpoint_file import Checkpoint
from sweeper.workers.runner.context import RunnerContext, folder_of, places
from sweeper.workers.runner.failure import describe
from sweeper.workers.runner.isolation import Isolation
from sweeper.workers.runner.keeper import Keeper
from sweeper.workers.runner.packing import Pause, RunningAttempt, reply_of
from sweeper.workers.runner.phase import Phase
from sweeper.workers.runner.rows import loop_of
from sweeper.workers.runner.watch import Watch

log = logging.getLogger(__name__)


_NO_ROW = (
    "the experiment came to its end without a row: expected at least one, a mapping of channel"
    " names to numbers. Yield one, such as {'valid_error': 0.1}, for each epoch."
)


class InterruptedAttemptError(Exception):
    """The driver asked a running attempt to end."""


class StoppedAttemptError(Exception):
    """A rule of the sweep ends the trial."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.message)
        self.stop = stop


@dataclass(slots=True)
class Leave:
    """What an attempt may do, by its newest lease. past, stop: as in `TrialTask`."""

    past: int = 0
    stop: Stop | None = None


def attempt(
    context: RunnerContext,
    task: TrialTask,
    text: ExperimentText,
    interrupted: Interruption,
    leave: Leave | None = None,
) -> RunningAttempt:
    """Run one: Began, Built, rows, and Ended, with the requests to the engine between them.

    At a rung beyond its leave it says so, and waits.

    Nothing where the lease was interrupted before; its Ended alone where the trial was.
    """
    if interrupted.is_set():
        return
    began = time.time()
    info: dict[str, Any] = {}
    end: dict[str, Any] = {"outcome": AttemptState.INTERRUPTED}
    if not interrupted.names(task.trial):
        yield Began(context.worker, task.trial, task.number, began)
        run = _Run(context, task, text, interrupted, info, leave or Leave(task.past))
        try:
            yield from run.work()
            end = {"outcome": AttemptState.FINISHED}
            if complaint := context.channels.complaint:
                info["channels"] = complaint
        except InterruptedAttemptError:
            pass
        except StoppedAttemptError as stopped:
            end = {"outcome": AttemptState.STOPPED, "message": stopped.stop.message}
            info["stopped_by"] = stopped.stop.rule
        except (Exception, SystemExit) as error:
            end = describe(error)
        if end["outcome"] is not AttemptState.INTERRUPTED:
            run.keeper.end(well=end["outcome"] is not AttemptState.FAILED)
    now = time.time()
    info["seconds"] = now - began
    yield Ended(context.worker, task.trial, task.number, time=now, info=info, **end)


class _Run:
    """An attempt's work. info: facts worth keeping, filled on the way."""

    def __init__(
        self,
        context: RunnerContext,
        task: TrialTask,
        text: ExperimentText,
        interrupted: Interruption,
        info: dict[str, Any],
        leave: Leave,
    ) -> None:
        self._leave = leave
        setup = context.setup
        out = folder_of(setup, task)
        self.keeper = Keeper(task, setup.checkpoint, out, context.files)
        self._watch = Watch(setup.stop)
        self._context = context
        self._task = task
        self._text = text
        self._interrupted = interrupted
        self._info = info
        self._out = out
        self._began = time.time()
        self._is_built = False
        self._has_rows = False

    def work(self) -> RunningAttempt:
        """Build and run the phases, all of their code inside the trial's own isolation."""
        task = self._task
        name = f"{task.trial}.a{task.number}"
        inside = Isolation(name, places(self._context.setup, self._out), task.seed)
        try:
            missing, phases = self._begin(inside)
            yield from missing
            for phase in phases:
                yield from self._phase(phase, inside)
            self._watch.check()
            if not self._has_rows and task.known is None:
                raise ConfigError(_NO_ROW)
        finally:
            inside.leave()

    def _phase(self, phase: Phase, inside: Isolation) -> RunningAttempt:
        loop = loop_of(phase.experiment, phase.after)
        reply: Any = None
        while (item := inside.send(loop, reply)) is not None:
            reply = None
            if not self._is_built:  # what an experiment is shows when it has something to say
                yield self._built(item)
                yield from self._wait()  # where a checkpoint was of a rung
            if isinstance(item, Record):
                row = self._row(phase.number, item)
                yield row
                stop = self._watch.see(phase.number, item.epoch, item.values)
                if stop is not None:
                    raise StoppedAttemptError(stop)
                self._after(row, phase, inside)
                yield from self._wait(phase, inside)
                continue
            reply = reply_of(item, (yield item), self._info)
            self._heed(phase)

    def _built(self, item: Request | Record) -> Built:
        task = self._task
        slots = 1 if isinstance(item, Record) else width(item, task.pack, task.mates)
        self._is_built = True
        self._info["build_s"] = time.time() - self._began
        if self._context.setup.precision != "float32":
            self._info["precision"] = self._context.setup.precision
        return Built(self._context.worker, task.trial, task.number, time.time(), slots)

    def _row(self, phase: int, record: Record) -> Row:
        task = self._task
        channels, data = self._context.channels.pack(record.values)
        return Row(task.trial, task.number, phase, record.epoch, time.time(), channels, data)

    # -------------------------------------------------------------- interrupts and checkpoints
    def _after(self, row: Row, phase: Phase, inside: Isolation) -> None:
        """Save after a row, if it is time to; end here if that was asked."""
        self._has_rows = True
        self.keeper.see(row)
        asked = self._interrupted.of(self._task.trial)
        waits = self._watch.rung > self._leave.past and self._context.setup.checkpoint is not None
        if (asked or waits or self.keeper.is_due(row)) and phase.can_be_saved:
            with inside:
                self.keeper.save(phase, self._watch.state)
        if asked:
            raise InterruptedAttemptError

    def _wait(self, phase: Phase | None = None, inside: Isolation | None = None) -> RunningAttempt:
        """Wait at a rung beyond the leave.

        phase, inside: to save the state with, None where it is of later.
        """
        leave, rung = self._leave, self._watch.rung
        if rung <= leave.past:
            return
        task = self._task
        values = self._watch.reached
        yield AtRung(self._context.worker, task.trial, task.number, values, time.time())
        yield Pause()
        if leave.stop is not None:
            raise StoppedAttemptError(leave.stop)
        if self._interrupted.of(task.trial) or rung > leave.past:
            if phase is not None and inside is not None and phase.can_be_saved:
                with inside:
                    self.keeper.save(phase, self._watch.state)
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
        for found in earlier.find(task, self._out, self._context.files):
            with inside:
                fresh = generators.states()
            try:
                found.bring_files(self._out)
                phases = self._phases(inside, found.checkpoint)
                first = next(phases)
            except Exception as error:
                number = found.checkpoint.attempt
                log.warning("attempt %d's checkpoint is passed over: %s", number, told(error))
                shutil.rmtree(self._out, ignore_errors=True)
                with inside:
                    generators.set_states(fresh)
                continue
            self.keeper.go_on_from(found.checkpoint)
            self._watch.load(found.checkpoint.watch)
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
        if nodes.OUT in repr(task.tokens):
            self._out.mkdir(parents=True, exist_ok=True)  # it is named, so it is there
        at, first_document = (start.at[0], start.document) if start is not None else (0, 0)
        number = start.first if start is not None else 0
        documents = self._context.documents(task.text_id, self._text)
        for place, document in enumerate(documents[first_document:], first_document):
            built = self._build(document, tokens, inside)
            for phase in [Phase(number + k, place, built, number) for k in range(len(built))]:
                if start is not None and phase.number == at:
                    with inside:
                        earlier.load(phase, start)
                    yield replace(phase, after=start.at[1])
                elif phase.number >= at:
                    yield phase
            number += len(built)

    def _build(self, document: nodes.Node, tokens: tuple[Any, ...], inside: Isolation) -> list[Any]:
        with inside:
            built = yaml_parse.build(
                document, tokens=tokens, source=self._text.source, allowed=self._context.allowed
            )
        return list(built) if isinstance(built, list | tuple) else [built]
