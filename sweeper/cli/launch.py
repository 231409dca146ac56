"""`sweep launch` and `sweep resume`: say what will run, show it running, say how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper import spec as specs
from sweeper.cli.expand import numbers
from sweeper.cli.progress import display
from sweeper.launchers import folder
from sweeper.launchers.choose import config_of, launcher_by
from sweeper.launchers.cluster import joined
from sweeper.launchers.cluster_file import loads
from sweeper.records.errors import InputError
from sweeper.report.text import duration, printable

if TYPE_CHECKING:
    from sweeper.driver import Outcome
    from sweeper.launchers.base import ClusterConfig, Placed
    from sweeper.records import Resources, SweepSpec
    from sweeper.spec import Expansion

BEST_SHOWN = 5
FAILURES_SHOWN = 3


def launch(
    path: Path,
    defines: Mapping[str, str],
    *,
    out: Path | None,
    workers: int | None,
    dry_run: bool,
    on: str | None = None,
    detach: bool = False,
    wait: bool = False,
) -> int:
    """Run the sweep of a spec file; returns the exit code.

    on: a cluster file or http(s)://, None for this machine.    detach: go on in the background.
    wait: watch what runs elsewhere, or in the background, to its end.
    """
    spec = specs.load(path, defines)
    expansion = specs.expand(spec)
    with run_folder(out, spec.header.name, claim=not dry_run) as run_dir:
        config = config_of(on) if on is not None else None
        elsewhere = _elsewhere(config, dry_run=dry_run)
        # Of this machine a file may leave only a part, to this driver and to those after it.
        part = config.text if config is not None and elsewhere is None else ""
        # Of a dry run elsewhere the standard output is what would be sent: it can be piped on.
        beside = elsewhere is not None and dry_run
        place = on if elsewhere else None
        typer.echo(announcement(spec.header, expansion, run_dir, workers, place), err=beside)
        if elsewhere is not None:
            from sweeper.cli import place as cli_place

            order = cli_place.order_of(
                elsewhere, spec, trials=len(expansion.trials), run_dir=run_dir, workers=workers
            )
            if dry_run:
                typer.echo(launcher_by(elsewhere).describe(order))
                return _nothing_started(path, err=True)
            cli_place.launch(elsewhere, spec, expansion, order)
            return _goes_on(run_dir, wait=wait)
        if dry_run:
            return _nothing_started(path)

        from sweeper import driver

        if detach:
            from sweeper.cli import place as cli_place

            driver.make(spec, expansion, run_dir)
            folder.point_latest(run_dir)
            cli_place.detach(run_dir, workers=workers, cluster_file=part)
            return _goes_on(run_dir, wait=wait)
        started = time.monotonic()
        with display() as shown:
            outcome = driver.launch(
                spec,
                expansion,
                run_dir=run_dir,
                workers=workers,
                on_progress=shown.update,
                cluster_file=part,
            )
        return conclude(run_dir, outcome, time.monotonic() - started)


def _elsewhere(config: ClusterConfig | None, *, dry_run: bool) -> ClusterConfig | None:
    """Where the driver goes, None for this machine, of which no more is used than the file says."""
    from sweeper.launchers.local.config import LocalConfig
    from sweeper.launchers.local.confine import confine

    if not isinstance(config, LocalConfig):
        return config

    confine(config, fetch=not dry_run)
    return None


def _confine_as(placed: Placed | None) -> str:
    """Use no more of this machine than the run's first driver did; the text that says so."""
    if placed is None or placed.kind != "local" or not placed.cluster_file:
        return ""
    config = loads(placed.cluster_file, "cluster_file of placed.json")
    _elsewhere(config, dry_run=False)
    return placed.cluster_file


def _nothing_started(path: Path, *, err: bool = False) -> int:
    typer.echo(f"Nothing was started (--dry-run). `sweep expand {path}` lists the trials.", err=err)
    return 0


def _goes_on(run_dir: Path, *, wait: bool) -> int:
    """Say how to reach a run that goes on by itself, and watch it where that is asked for."""
    from sweeper.cli import place as cli_place

    typer.echo(cli_place.next_steps(run_dir))
    if not wait:
        return 0
    from sweeper.cli import watch as cli_watch

    return cli_watch.watch(run_dir)


def resume(
    run_dir: Path,
    *,
    workers: int | None,
    code_changed_ok: bool,
    here: bool = False,
    part: str | None = None,
    detach: bool = False,
    wait: bool = False,
) -> int:
    """Go on with a run, where its driver was put; returns the exit code.

    here: in this process all the same, which a queue started.    part: its share, as K/N.
    """
    from sweeper import driver
    from sweeper.cli import place as cli_place

    placed = folder.read_placed(run_dir)
    if placed is not None and placed.kind != "local" and not here:
        if cli_place.resume(run_dir, placed, workers=workers, code_changed_ok=code_changed_ok):
            return _goes_on(run_dir, wait=wait)
        return 0
    cluster_file = _confine_as(placed)
    typer.echo(f"resuming {shown_path(run_dir)} with the spec as it was launched")
    if detach:
        cli_place.detach(
            run_dir,
            workers=workers,
            code_changed_ok=code_changed_ok,
            cluster_file=cluster_file,
        )
        return _goes_on(run_dir, wait=wait)
    started = time.monotonic()
    with display() as shown:
        outcome = driver.resume(
            run_dir,
            workers=workers,
            code_changed_ok=code_changed_ok,
            on_progress=shown.update,
            terms=driver.terms_of(os.environ, here=here, part=part),
        )
    return conclude(run_dir, outcome, time.monotonic() - started)


@contextmanager
def run_folder(out: Path | None, name: str, *, claim: bool) -> Iterator[Path]:
    """The folder for a new run: `out`, or a new one, which goes again where no run was made there.

    claim: make the new one, so that no other launch of the same second takes it.
    """
    folder = out or new_folder(name, claim=claim)
    try:
        yield folder
    finally:
        if out is None and claim:
            with contextlib.suppress(OSError):
                folder.rmdir()  # that of a run is not empty
                folder.parent.rmdir()


def new_folder(name: str, *, claim: bool) -> Path:
    """runs/NAME-DATE-TIME, here, with a number where that is taken."""
    stem = Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder, number = stem, 1
    while not (_claimed(folder) if claim else not folder.exists()):
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    return folder


def _claimed(folder: Path) -> bool:
    with contextlib.suppress(OSError):  # whoever makes the run there says why it can't be
        folder.parent.mkdir(exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return False
    return True


def announcement(
    header: SweepSpec,
    expansion: Expansion,
    run_dir: Path,
    workers: int | None,
    on: str | None = None,
) -> str:
    """What is about to run, for a person to check. on: where, None for this machine."""
    trials = expansion.trials
    lines = [
        f"{header.name}: {numbers(len(trials), expansion.merged, expansion.dropped)}",
        f"  varied     {', '.join(variety(expansion))}",
        f"  workers    {workers_text(header, workers, len(trials), on)}",
        f"  folder     {shown_path(run_dir)}",
    ]
    if header.objective:
        best = "lowest" if header.objective.mode == "min" else "highest"
        lines.append(f"  objective  {header.objective.channel}, the {best} is best")
    lines += [f"  notice     {notice}" for notice in expansion.notices]
    return printable("\n".join(lines))


def variety(expansion: Expansion) -> list[str]:
    """For each name, how many values it takes: `learning_rate (4)`."""
    values: dict[str, set[str]] = {}
    for trial in expansion.trials:
        for name, value in trial.values.items():
            values.setdefault(name, set()).add(json.dumps(value, default=str))
    return [f"{name} ({len(found)})" for name, found in values.items()]


def workers_text(header: SweepSpec, workers: int | None, trials: int, on: str | None = None) -> str:
    """How many workers there will be, and what each is given."""
    from sweeper.launchers.cluster.private import PrivateCluster

    wanted = workers or header.workers
    place = on or joined.given_in(os.environ)
    if place:
        number = f"{wanted or 'as many as fit'} on {place}"
    else:
        number = str(PrivateCluster(header.resources, wanted=wanted, trials=trials).workers)
    return f"{number}, each with {resources_text(header.resources)}"


def resources_text(resources: Resources) -> str:
    """`1 core, no GPU`."""
    cores = f"{resources.cpus} core{'s' * (resources.cpus != 1)}"
    if not resources.gpus:
        return f"{cores}, no GPU"
    return f"{cores}, {resources.gpus:g} GPU{'s' * (resources.gpus > 1)}"


def conclude(run_dir: Path, outcome: Outcome, seconds: float) -> int:
    """Print how the run ended, why, and its best trials; returns its exit code."""
    # Whoever looked on may be gone (`| head`); how the sweep ended is no different for that.
    with contextlib.suppress(OSError):
        tell_end(run_dir, outcome, seconds)
    return outcome.exit_code


def tell_end(run_dir: Path, outcome: Outcome, seconds: float) -> None:
    """Print how the run ended, why, its best trials and what a user may do now."""
    from sweeper.cli import report as cli_report

    counts = ", ".join(f"{n} {state}" for state, n in outcome.counts.items() if n)
    typer.echo(f"{counts} in {duration(seconds)}")
    if outcome.reason:
        typer.echo(outcome.reason, err=outcome.exit_code != 0)
    if outcome.exit_code != InputError.exit_code:  # else the reason says it
        failures = cli_report.failures(run_dir, shown_path(run_dir), FAILURES_SHOWN)
        typer.echo(failures, nl=bool(failures))
    best = cli_report.best(run_dir, BEST_SHOWN)
    if best:
        typer.echo(f"\n{best}")
    typer.echo(f"\n{next_steps(run_dir, outcome)}")


def next_steps(run_dir: Path, outcome: Outcome) -> str:
    """The commands that a user may want now."""
    run = shown_path(run_dir)
    steps = [f"All trials:  sweep report {run}", f"One trial:   sweep show {run} TRIAL"]
    is_unfinished = any(n for state, n in outcome.counts.items() if not state.is_final)
    # A run keeps its spec file as it was, so resuming does not mend a mistake in it.
    if is_unfinished and outcome.exit_code != InputError.exit_code:
        steps.append(f"Go on:       sweep resume {run}")
    return "\n".join(steps)


def shown_path(path: Path) -> str:
    """The path from here where it is below, else in full."""
    full, here = path.absolute(), Path.cwd()
    return str(full.relative_to(here) if full.is_relative_to(here) else full)
