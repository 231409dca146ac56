"""The checkpoints of a trial's earlier attempts, and how a new one goes on from them."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pylearn2core.train import Train
from sweeper.records import Row, TrialTask
from sweeper.runs.folder import attempt_name, attempt_path
from sweeper.workers.runner import generators
from sweeper.workers.runner.attempt_files import AttemptFiles
from sweeper.workers.runner.checkpoint_file import FILE, Checkpoint, read
from sweeper.workers.runner.phase import Phase

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint to go on from. missing: rows that were not recorded, to be yielded again."""

    checkpoint: Checkpoint
    missing: tuple[Row, ...]
    _folder: Path | None
    _results: AttemptFiles

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


def find(task: TrialTask, out: Path, results: AttemptFiles) -> Iterator[Found]:
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
                checkpoint = read(folder / FILE, task.trial, number)
            else:
                checkpoint = _fetched(task.trial, number, results)
            missing = checkpoint.missing(task.known)
        except Exception as error:
            log.warning("attempt %d's checkpoint is passed over: %s", number, error)
            continue
        if missing is None:
            log.warning("attempt %d's checkpoint is passed over: rows before it are lost", number)
            continue
        yield Found(checkpoint, missing, folder if is_here else None, results)


def _fetched(trial: str, number: int, results: AttemptFiles) -> Checkpoint:
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(results.get_bytes(attempt_path(trial, number), FILE))
        file.flush()
        return read(Path(file.name), trial, number)


def load(phase: Phase, checkpoint: Checkpoint) -> None:
    """Give the experiments their states. Called inside the trial's isolation."""
    for experiment in phase.so_far:
        if isinstance(experiment, Train):  # all, before one is loaded: they may share a monitor
            experiment.allow_overwrite = True  # the file there is of the part that was trained
            experiment.setup()
    for experiment, state in zip(phase.so_far, checkpoint.states, strict=True):
        experiment.load_state_dict(state)
    generators.set_states(checkpoint.generators)


def _ours(_folder: str, names: list[str]) -> list[str]:
    """Names that are not the trial's own: a checkpoint, or one that a killed process left."""
    return [name for name in names if name == FILE or name.startswith(f".{FILE}.")]
