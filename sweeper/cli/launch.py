"""`sweep launch`: say what will run, then run it here, in the background or elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper import spec as specs
from sweeper.cli.announce import announcement
from sweeper.cli.conclude import conclude
from sweeper.cli.display import display
from sweeper.cli.submit import Target, submit_behind, submit_new
from sweeper.launchers.base import InProcess
from sweeper.launchers.choose import config_of, launcher_by
from sweeper.launchers.cluster import joined
from sweeper.runs.create import new_run_folder, point_latest

if TYPE_CHECKING:
    from sweeper.launchers.base import DriverOrder
    from sweeper.records import Placed
    from sweeper.spec import Expansion, Spec


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """How a sweep is to be launched.

    out: the run's folder, None for a new one.    workers: None takes the spec's.
    on: a cluster file or http(s)://, None for this machine.
    dry_run: say what would run, start nothing.    detach: go on in the background.
    wait: watch what runs elsewhere, or in the background, to its end.
    """

    out: Path | None = None
    workers: int | None = None
    on: str | None = None
    dry_run: bool = False
    detach: bool = False
    wait: bool = False


@dataclass(frozen=True, slots=True)
class _NewRun:
    spec: Spec
    expansion: Expansion
    run_dir: Path
    options: LaunchOptions

    def announce(self, place: str | None, *, err: bool = False) -> None:
        workers = self.options.workers
        words = announcement(self.spec, self.expansion, self.run_dir, workers, place)
        typer.echo(words, err=err)

    def order(self, target: Target) -> DriverOrder:
        workers = self.options.workers
        trials = specs.at_once(specs.source_of(self.spec), len(self.expansion.trials))
        return target.order(self.spec, self.run_dir, trials=trials, workers=workers)


def launch_spec(path: Path, defines: Mapping[str, str], options: LaunchOptions) -> int:
    """Run the sweep of a spec file; returns the exit code."""
    spec = specs.load(path, defines)
    expansion = specs.first_batch(spec)
    with new_run_folder(options.out, spec.header.name, claim=not options.dry_run) as run_dir:
        config = config_of(options.on)
        launcher = launcher_by(config)
        # Workers elsewhere may have more installed, those of a cluster that was there before too.
        is_here = isinstance(launcher, InProcess) and not joined.given_in(os.environ)
        specs.check_names(spec, expansion, here=is_here)
        new, target = _NewRun(spec, expansion, run_dir, options), Target(launcher, config.text)
        if not isinstance(launcher, InProcess):
            return _launch_elsewhere(new, target)
        launcher.confine(fetch=not options.dry_run)
        if options.detach and not options.dry_run:
            return _launch_behind(new, target)
        # Of this machine a file may leave only a part, to this driver and to those after it.
        return _launch_here(new, None if options.on is None else launcher.here())


def _launch_elsewhere(new: _NewRun, target: Target) -> int:
    from sweeper.cli.watch import follow

    options = new.options
    # Of a dry run the standard output is what would be sent: it can be piped on.
    new.announce(options.on, err=options.dry_run)
    order = new.order(target)
    if options.dry_run:
        typer.echo(target.launcher.describe(order))
        return _nothing_started(new.spec.path, err=True)
    submit_new(target, new.spec, new.expansion, order)
    return follow(new.run_dir, wait=options.wait)


def _launch_behind(new: _NewRun, target: Target) -> int:
    from sweeper import driver
    from sweeper.cli.watch import follow

    new.announce(None)
    driver.create(new.spec, new.expansion, new.run_dir)
    point_latest(new.run_dir)
    submit_behind(target, new.order(target), new.run_dir)
    return follow(new.run_dir, wait=new.options.wait)


def _launch_here(new: _NewRun, placed: Placed | None) -> int:
    from sweeper import driver

    options, run_dir = new.options, new.run_dir
    new.announce(None)
    if options.dry_run:
        return _nothing_started(new.spec.path)
    started = time.monotonic()
    with display() as shown:
        terms = driver.terms_of(os.environ, workers=options.workers, on_progress=shown.update)
        outcome = driver.launch(new.spec, new.expansion, run_dir, terms, placed=placed)
    return conclude(run_dir, outcome, time.monotonic() - started)


def _nothing_started(path: Path, *, err: bool = False) -> int:
    typer.echo(f"Nothing was started (--dry-run). `sweep expand {path}` lists the trials.", err=err)
    return 0
