"""When an attempt's checkpoints are saved, and where."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pylearn2core.utils import serial
from sweeper.records import Checkpointing, Row, TrialTask
from sweeper.records.text import told
from sweeper.runs.folder import attempt_name, attempt_path
from sweeper.workers.runner import generators
from sweeper.workers.runner.attempt_files import AttemptFiles
from sweeper.workers.runner.checkpoint_file import FILE, At, Checkpoint, encode
from sweeper.workers.runner.phase import Phase

log = logging.getLogger(__name__)

# A row travels for less than a second; a checkpoint carries its rows for as long as this at least.
TAIL_S = 10.0


class Keeper:
    """Keeps the checkpoints of one attempt. Its `save` is called inside the trial's isolation.

    every: None saves at an interrupt alone.    out: the attempt's folder.
    """

    def __init__(
        self, task: TrialTask, every: Checkpointing | None, out: Path, results: AttemptFiles
    ) -> None:
        self._task = task
        self._every = every
        self._out = out
        self._results = results
        self._tail: deque[tuple[float, Row]] = deque()
        self._before: At | None = None
        self._saved = time.monotonic()
        self._has_file = False
        self._said = ""

    @property
    def name(self) -> str:
        """Of the attempt's folder."""
        return attempt_path(self._task.trial, self._task.number)

    # -------------------------------------------------------------- while it runs
    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """This attempt goes on from an earlier one's."""
        now = time.monotonic()
        self._before = checkpoint.before
        self._tail.extend((now, row) for row in checkpoint.tail)

    def see(self, row: Row) -> None:
        """Look at a row that was yielded."""
        now = time.monotonic()
        tail = self._tail
        tail.append((now, row))
        old = now - TAIL_S
        while tail[0][0] < old and (self._every is None or tail[0][0] <= self._saved):
            first = tail.popleft()[1]
            self._before = first.phase, first.epoch

    def is_due(self, row: Row) -> bool:
        """Whether to save after this row."""
        every = self._every
        if every is None or row.epoch == 0:
            return False
        if every.epochs is not None:
            return row.epoch % every.epochs == 0
        return every.seconds is not None and time.monotonic() - self._saved >= every.seconds

    def save(self, phase: Phase, watch: Sequence[Any] = ()) -> None:
        """Save the state right after the last row. What fails is logged, and is no checkpoint.

        watch: how far the sweep's rules have followed.
        """
        self._saved = time.monotonic()
        if self._tail[-1][1].epoch == phase.number == 0:
            return  # nothing was trained
        try:
            data = encode(self._taken(phase, watch))
            serial.write_file(self._out / FILE, lambda stream: _write(stream, data))
        except Exception as error:
            self._say(f"no checkpoint of {self.name}: {told(error)}")
            return
        self._has_file = True
        # What the checkpoint stands on is there before it.
        self._results.put_files(self.name, self._out, skip=FILE)
        self._results.put_bytes(self.name, FILE, data)

    def _taken(self, phase: Phase, watch: Sequence[Any]) -> Checkpoint:
        rows = tuple(row for _, row in self._tail)
        return Checkpoint(
            trial=self._task.trial,
            attempt=self._task.number,
            at=(rows[-1].phase, rows[-1].epoch),
            document=phase.document,
            first=phase.first,
            states=[experiment.state_dict() for experiment in phase.so_far],
            generators=generators.states(),
            tail=rows,
            before=self._before,
            watch=watch,
        )

    def _say(self, text: str) -> None:
        if text != self._said:  # once, not after each epoch
            log.warning("%s", text)
        self._said = text

    # -------------------------------------------------------------- at its end
    def end(self, *, well: bool) -> None:
        """The attempt has finished or failed: no checkpoint of its trial is of use any more."""
        if well:
            self._results.put_files(self.name, self._out, skip=FILE)
        self._results.forget(self.name)
        if not self._has_file and self._task.number == 1:
            return
        for number in range(1, self._task.number + 1):
            folder = self._out.with_name(attempt_name(number))
            for left in (folder / FILE, *folder.glob(f".{FILE}.*")):  # a killed worker's half too
                with suppress(OSError):
                    left.unlink()
            with suppress(OSError):
                folder.rmdir()  # where it holds nothing else
            self._results.remove(attempt_path(self._task.trial, number), FILE)


def _write(stream: Any, data: bytes) -> None:
    stream.write(data)
