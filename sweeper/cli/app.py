"""`sweep`: its commands and their options.

What a command needs is imported when it runs, so that `sweep --help` answers at once.
"""

import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from sweeper.cli.options import (
    Defines,
    Detach,
    RunArgument,
    SpecArgument,
    Wait,
    Workers,
    defines,
    find,
)

app = typer.Typer(
    name="sweep",
    help="Hyper-parameter sweeps from one file.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: quick, and the same in a pipe
    pretty_exceptions_enable=False,
)


def print_version(wanted: bool) -> None:
    """Print the installed version and end, if --version was given."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sweep {version('sweeper')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print tracebacks of errors.")] = False,
) -> None:
    """Hyper-parameter sweeps from one file."""


@app.command()
def launch(
    spec: SpecArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, start nothing.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder.", show_default="runs/NAME-DATE-TIME")
    ] = None,
    workers: Workers = None,
    define: Defines = None,
    on: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL",
            help="Run it elsewhere: a cluster file such as clusters/slurm.yaml, or the http address"
            " of a Ray cluster.",
            show_default="this machine",
        ),
    ] = None,
    detach: Detach = False,
    wait: Wait = False,
) -> None:
    """Run the sweep that SPEC describes."""
    from sweeper.cli.launch import LaunchOptions, launch_spec

    options = LaunchOptions(
        out=out, workers=workers, on=on, dry_run=dry_run, detach=detach, wait=wait
    )
    raise typer.Exit(launch_spec(spec, defines(define), options))


@app.command()
def resume(
    run: RunArgument = None,
    workers: Workers = None,
    code_changed_ok: Annotated[
        bool,
        typer.Option("--code-changed-ok", help="Go on although modules beside the spec changed."),
    ] = False,
    detach: Detach = False,
    wait: Wait = False,
    here: Annotated[bool, typer.Option("--here", hidden=True)] = False,
    part: Annotated[str | None, typer.Option(metavar="K/N", hidden=True)] = None,
) -> None:
    """Go on with an interrupted run. Where it was launched to; no finished trial runs again."""
    # --here and --part are what a queue's script says: the driver runs in this very process.
    if here:
        # Whoever placed it may be in a hurry: what is said now waits until the driver can listen.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
    from sweeper.cli.resume import ResumeOptions, resume_run

    options = ResumeOptions(
        workers=workers,
        code_changed_ok=code_changed_ok,
        here=here,
        part=part,
        detach=detach,
        wait=wait,
    )
    raise typer.Exit(resume_run(find(run), options))


@app.command()
def watch(run: RunArgument = None) -> None:
    """Show a run live until it has ended. From any shell; ends with the run's exit code."""
    from sweeper.cli.watch import watch_run

    raise typer.Exit(watch_run(find(run)))


@app.command()
def stop(
    run: RunArgument = None,
    trials: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRIAL]...", help="Cancel these trials; the rest goes on."),
    ] = None,
) -> None:
    """End a run in order, or cancel some trials. `sweep resume` can go on with the run."""
    from sweeper.cli.stop import stop_run

    typer.echo(stop_run(find(run), trials or ()))


@app.command()
def retry(
    run: RunArgument = None,
    trials: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRIAL]...", help="Default: all that failed.", show_default=False),
    ] = None,
) -> None:
    """Let trials be tried again. Failed and cancelled ones, by the next `sweep resume`."""
    from sweeper.cli.retry import retry_trials

    typer.echo(retry_trials(find(run), trials or ()))


@app.command()
def fetch(run: RunArgument = None) -> None:
    """Bring a run's newest results here. Of one on a cluster without a shared disk."""
    from sweeper.cli.remote import fetch_run

    typer.echo(fetch_run(find(run)))


@app.command()
def down(run: RunArgument = None) -> None:
    """End what a run holds elsewhere. Its job, its rented machines."""
    from sweeper.cli.remote import give_back

    typer.echo(give_back(find(run)))


@app.command()
def adopt(
    run: RunArgument = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="FILE|URL", help="Your own cluster file for it.", show_default=False),
    ] = None,
) -> None:
    """Let another's run be asked about. One that you did not launch from here."""
    from sweeper.cli.adopt import adopt_run

    typer.echo(adopt_run(find(run), on))


@app.command()
def expand(
    spec: SpecArgument,
    count: Annotated[bool, typer.Option("--count", help="Print only how many trials.")] = False,
    format: Annotated[
        Literal["table", "json", "yaml"], typer.Option(help="How to print.")
    ] = "table",
    trial: Annotated[
        str | None, typer.Option(metavar="ID", help="Print this trial's experiment.")
    ] = None,
    define: Defines = None,
) -> None:
    """Print the trials of SPEC. Imports and runs nothing that SPEC names."""
    from sweeper.cli.expand import expansion_text

    typer.echo(expansion_text(spec, defines(define), count_only=count, format=format, trial=trial))


@app.command()
def status(run: RunArgument = None) -> None:
    """Print how far a run is. Works while it runs."""
    from sweeper.cli.status import status_text

    typer.echo(status_text(find(run)))


@app.command()
def show(
    run: RunArgument = None,
    trial: Annotated[
        str | None, typer.Argument(metavar="TRIAL", help="A trial's id or its beginning.")
    ] = None,
) -> None:
    """Print a run, or a trial of it. Of a trial: values, attempts, error, history and log."""
    from sweeper.cli.report import show_text

    typer.echo(show_text(run, trial))


@app.command()
def report(
    run: RunArgument = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Group the trials that differ in it, as seed; repeatable."
        ),
    ] = None,
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help="table, md, csv or json.")
    ] = "table",
    all_channels: Annotated[
        bool, typer.Option("--all-channels", help="Also the last value of every channel.")
    ] = False,
) -> None:
    """Print a run's trials, best first. Works while it runs."""
    from sweeper.cli.report import report_text

    typer.echo(report_text(find(run), over=over or [], format=format, all_channels=all_channels))
