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
from sweeper.launchers.base import InProcess
from sweeper.launchers.choose import launcher_of, placed_of

if TYPE_CHECKING:
    from sweeper.launchers.base import Launcher
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
    if options.here:
        return _resume_here(run_dir, options)
    placed = placed_of(run_dir)
    launcher = launcher_of(placed)
    if not isinstance(launcher, InProcess):
        return _resume_elsewhere(run_dir, placed, options)
    launcher.confine()
    if options.detach:
        return _resume_behind(run_dir, placed, launcher, options)
    return _resume_here(run_dir, options)


def _resume_behind(
    run_dir: Path, placed: Placed, launcher: Launcher, options: ResumeOptions
) -> int:
    from sweeper.cli.submit import Target, order_again, submit_behind
    from sweeper.cli.watch import follow

    _announce(run_dir)
    target = Target(launcher, placed.cluster_file)
    order = order_again(
        target,
        run_dir,
        placed,
        workers=options.workers,
        code_changed_ok=options.code_changed_ok,
    )
    submit_behind(target, order, run_dir)
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

    _announce(run_dir)
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


def _announce(run_dir: Path) -> None:
    typer.echo(f"resuming {shown_path(run_dir)} with the spec as it was launched")
