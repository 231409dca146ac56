"""An attempt's checkpoints: when they are saved, where, and which one to go on from."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pylearn2core.train import Train
from pylearn2core.utils import serial
from sweeper.records import Checkpointing, Row, TrialTask
from sweeper.runs.folder import attempt_name, attempt_path
from sweeper.workers.runner import generators
from sweeper.workers.runner.checkpoint_file import At, Checkpoint, encode, read
from sweeper.workers.runner.results import Results

log = logging.getLogger(__name__)

FILE = "sweep-checkpoint.npz"
# A row travels for less than a second; a checkpoint carries its rows for as long as this at least.
TAIL_S = 10.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One experiment of a trial, and what was built with it.

    number: from 0.    document: of the text, from 0.
    built: the document's experiments, in order; first: the phase of its first one.
    after: epoch of the state that was loaded, 0 where there was none.
    """

    number: int
    document: int
    built: Sequence[Any]
    first: int
    after: int = 0

    @property
    def experiment(self) -> Any:
        """What runs in this phase."""
        return self.built[self.number - self.first]

    @property
    def so_far(self) -> Sequence[Any]:
        """The document's experiments up to this one.

        They may share objects: a layer that the first one trained is what the next one reads.
        """
        return self.built[: self.number - self.first + 1]

    @property
    def can_be_saved(self) -> bool:
        """Whether each says its state."""
        return all(
            hasattr(one, "state_dict") and hasattr(one, "load_state_dict") for one in self.so_far
        )


class Keeper:
    """Keeps the checkpoints of one attempt. Its `save` is called inside the trial's isolation.

    every: None saves at an interrupt alone.    out: the attempt's folder.
    """

    def __init__(
        self, task: TrialTask, every: Checkpointing | None, out: Path, results: Results
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

    def save(self, phase: Phase) -> None:
        """Save the state right after the last row. What fails is logged, and is no checkpoint."""
        self._saved = time.monotonic()
        if self._tail[-1][1].epoch == phase.number == 0:
            return  # nothing was trained
        try:
            data = encode(self._taken(phase))
            serial.write_file(self._out / FILE, lambda stream: _write(stream, data))
        except Exception as error:
            self._say(f"no checkpoint of {self.name}: {type(error).__name__}: {error}")
            return
        self._has_file = True
        # What the checkpoint stands on is there before it.
        self._results.put_files(self.name, self._out, skip=FILE)
        self._results.put_bytes(self.name, FILE, data)

    def _taken(self, phase: Phase) -> Checkpoint:
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
            with suppress(OSError):
                (folder / FILE).unlink()
            with suppress(OSError):
                folder.rmdir()  # where it holds nothing else
            self._results.remove(attempt_path(self._task.trial, number), FILE)


# ------------------------------------------------------------------ earlier attempts'
@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint to go on from. missing: rows that were not recorded, to be yielded again."""

    checkpoint: Checkpoint
    missing: tuple[Row, ...]
    _folder: Path | None
    _results: Results

    def bring_files(self, out: Path) -> None:
        """Put the files of the attempt into the folder of the one that goes on.

        Copies: the old attempt's process may still live, cut off, and write to its own.
        """
        checkpoint = self.checkpoint
        if self._folder is not None:
            shutil.copytree(self._folder, out, symlinks=True, ignore=_ours, dirs_exist_ok=True)
            return
        if not self._results.fetch(attempt_path(checkpoint.trial, checkpoint.attempt), out):
            raise OSError("its files can't be fetched")
        (out / FILE).unlink(missing_ok=True)


def find(task: TrialTask, out: Path, results: Results) -> Iterator[Found]:
    """The checkpoints of earlier attempts that can be gone on from, the newest first."""
    if task.number == 1:
        return
    there = set(results.numbers(task.trial, FILE)) if results else set()
    for number in range(task.number - 1, 0, -1):
        folder = out.with_name(attempt_name(number))
        is_here = (folder / FILE).is_file()
        if not is_here and number not in there:
            continue
        try:
            if is_here:
                checkpoint = read(folder / FILE)
            else:
                checkpoint = _fetched(attempt_path(task.trial, number), results)
            missing = checkpoint.missing(task.known)
        except Exception as error:
            log.warning("attempt %d's checkpoint is passed over: %s", number, error)
            continue
        if missing is None:
            log.warning("attempt %d's checkpoint is passed over: rows before it are lost", number)
            continue
        yield Found(checkpoint, missing, folder if is_here else None, results)


def _fetched(attempt: str, results: Results) -> Checkpoint:
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(results.get_bytes(attempt, FILE))
        file.flush()
        return read(Path(file.name))


def load(phase: Phase, checkpoint: Checkpoint) -> None:
    """Give the experiments their states. Called inside the trial's isolation."""
    for experiment in phase.so_far:
        if isinstance(experiment, Train):  # all, before one is loaded: they may share a monitor
            experiment.allow_overwrite = True  # the file there is of the part that was trained
            experiment.setup()
    for experiment, state in zip(phase.so_far, checkpoint.states, strict=True):
        experiment.load_state_dict(state)
    generators.set_states(checkpoint.generators)


# ------------------------------------------------------------------ small things
def _write(stream: Any, data: bytes) -> None:
    stream.write(data)


def _ours(_folder: str, names: list[str]) -> list[str]:
    """Names that are not the trial's own: a checkpoint, or one that a killed process left."""
    return [name for name in names if name == FILE or name.startswith(f".{FILE}.")]
