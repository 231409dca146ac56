"""What all attempts of a worker share, and where each of them reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pylearn2core import paths
from pylearn2core.config import nodes
from sweeper.host import variables
from sweeper.records import ExperimentText, RunnerSetup, TrialTask
from sweeper.runs.folder import RunFolder, attempt_path
from sweeper.workers.runner.attempt_files import AttemptFiles
from sweeper.workers.runner.rows import ChannelFilter


@dataclass(frozen=True, slots=True)
class RunnerContext:
    """What all attempts of a worker share.

    allowed: what `!obj:` may name.    documents: a text's, by its id and the text.
    """

    setup: RunnerSetup
    worker: int
    allowed: Any
    channels: ChannelFilter
    files: AttemptFiles
    documents: Callable[[str, ExperimentText], list[nodes.Node]]


def folder_of(setup: RunnerSetup, task: TrialTask) -> Path:
    """An attempt's own folder."""
    return _trials(setup.run_dir) / attempt_path(task.trial, task.number)


def places(setup: RunnerSetup, out: Path) -> paths.Places:
    """Where an experiment's paths lead.    out: the attempt's folder."""
    folder, name, stem = _spec(setup.spec_path)
    environ = {
        variables.TRAIN_DIR: str(out),
        variables.TRAIN_BASE_NAME: name,
        variables.TRAIN_FILE_STEM: stem,
        variables.TRAIN_FILE_FULL_STEM: f"{out}/{stem}",
    }
    return paths.Places(read=folder, write=out, environ=environ)


# Of a worker there is one of each. To take a path apart takes as long as a trivial trial's row.
@cache
def _trials(run_dir: str) -> Path:
    return RunFolder(Path(run_dir)).trials


@cache
def _spec(spec_path: str) -> tuple[Path, str, str]:
    """(folder, name, stem) of a spec file."""
    spec = Path(spec_path).absolute()
    return spec.parent, spec.name, spec.name.split(".")[0]
