"""`sweep resume`: go on with a run where its driver was put."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper.cli.conclude import conclude
from sweeper.cli.display import display
from sweeper.cli.say import shown_path
from sweeper.launchers.cluster_file import loads
from sweeper.launchers.local.config import LocalConfig
from sweeper.launchers.local.confine import confine
from sweeper.runs.placed import read_placed

if TYPE_CHECKING:
    from sweeper.records import Placed


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """How to go on with a run.

    workers: None takes the spec's.    code_changed_ok: although modules beside the spec changed.
    here: in this process wherever its driver was put, for a queue started it.
    part: its share, as K/N.    detach, wait: as of a launch.
    """

    workers: int | None = None
    code_changed_ok: bool = False
    here: bool = False
    part: str | None = None
    detach: bool = False
    wait: bool = False


def resume_run(run_dir: Path, options: ResumeOptions) -> int:
    """Go on with a run, where its driver was put; returns the exit code."""
    placed = read_placed(run_dir)
    if placed is not None and placed.kind != "local" and not options.here:
        return _resume_elsewhere(run_dir, placed, options)
    cluster_file = _confine_as(placed)
    typer.echo(f"resuming {shown_path(run_dir)} with the spec as it was launched")
    if not options.detach:
        return _resume_here(run_dir, options)
    from sweeper.cli.detach import detach
    from sweeper.cli.watch import follow

    detach(
        run_dir,
        workers=options.workers,
        code_changed_ok=options.code_changed_ok,
        cluster_file=cluster_file,
    )
    return follow(run_dir, wait=options.wait)


def _resume_elsewhere(run_dir: Path, placed: Placed, options: ResumeOptions) -> int:
    from sweeper.cli.submit import submit_again
    from sweeper.cli.watch import follow

    is_put = submit_again(
        run_dir, placed, workers=options.workers, code_changed_ok=options.code_changed_ok
    )
    return follow(run_dir, wait=options.wait) if is_put else 0


def _resume_here(run_dir: Path, options: ResumeOptions) -> int:
    from sweeper import driver

    started = time.monotonic()
    with display() as shown:
        terms = driver.terms_of(
            os.environ,
            here=options.here,
            part=options.part,
            workers=options.workers,
            code_changed_ok=options.code_changed_ok,
            on_progress=shown.update,
        )
        outcome = driver.resume(run_dir, terms)
    return conclude(run_dir, outcome, time.monotonic() - started)


def _confine_as(placed: Placed | None) -> str:
    """Use no more of this machine than the run's first driver did; the text that says so."""
    if placed is None or placed.kind != "local" or not placed.cluster_file:
        return ""
    config = loads(placed.cluster_file, "the cluster file that the run was launched with")
    if isinstance(config, LocalConfig):
        confine(config)
    return placed.cluster_file
