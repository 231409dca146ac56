"""`sweep`: parse, call, print, format errors.

What a command needs is imported when it runs, so that `sweep --help` answers at once.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from sweeper.records.errors import InputError, SweepError

app = typer.Typer(
    name="sweep",
    help="Hyper-parameter sweeps from one file.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: quick, and the same in a pipe
    pretty_exceptions_enable=False,
)

SpecArgument = Annotated[
    Path, typer.Argument(metavar="SPEC", help="The spec file, such as grid.yaml.j2.")
]
RunArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's folder or name. Default: the latest.", show_default=False
    ),
]
Defines = Annotated[
    list[str] | None,
    typer.Option(
        "-D", "--define", metavar="NAME=VALUE", help="A variable of the spec file. Repeatable."
    ),
]
Detach = Annotated[
    bool,
    typer.Option("--detach", help="Run in the background; go on when this shell is closed."),
]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Of a run elsewhere or detached: watch it to its end."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Number of workers.", show_default="as many as the resources allow"),
]


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
    from sweeper.cli import launch as cli_launch

    raise typer.Exit(
        cli_launch.launch(
            spec,
            defines(define),
            out=out,
            workers=workers,
            dry_run=dry_run,
            on=on,
            detach=detach,
            wait=wait,
        )
    )


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
    """Go on with an interrupted run, where it was launched to. No finished trial runs again."""
    # --here and --part are what a queue's script says: the driver runs in this very process.
    if here:
        # Whoever placed it may be in a hurry: what is said now waits until the driver can listen.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
    from sweeper.cli import launch as cli_launch

    raise typer.Exit(
        cli_launch.resume(
            find(run),
            workers=workers,
            code_changed_ok=code_changed_ok,
            here=here,
            part=part,
            detach=detach,
            wait=wait,
        )
    )


@app.command()
def watch(run: RunArgument = None) -> None:
    """Show a run live until it has ended, from any shell; ends with its exit code."""
    from sweeper.cli import watch as cli_watch

    raise typer.Exit(cli_watch.watch(find(run)))


@app.command()
def stop(
    run: RunArgument = None,
    trials: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRIAL]...", help="Cancel these trials; the rest goes on."),
    ] = None,
) -> None:
    """End a run in order, so that `sweep resume` can go on with it; or cancel some trials."""
    from sweeper.cli import control as cli_control

    typer.echo(cli_control.stop(find(run), trials or ()))


@app.command()
def retry(
    run: RunArgument = None,
    trials: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRIAL]...", help="Default: all that failed.", show_default=False),
    ] = None,
) -> None:
    """Let trials that failed or were cancelled be tried again, by the next `sweep resume`."""
    from sweeper.cli import control as cli_control

    typer.echo(cli_control.retry(find(run), trials or ()))


@app.command()
def fetch(run: RunArgument = None) -> None:
    """Bring the newest results of a run on a cluster without a shared disk."""
    from sweeper.cli import control as cli_control

    typer.echo(cli_control.fetch(find(run)))


@app.command()
def down(run: RunArgument = None) -> None:
    """End what a run holds elsewhere: its job, its rented machines."""
    from sweeper.cli import control as cli_control

    typer.echo(cli_control.down(find(run)))


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
    from sweeper.cli import expand as cli_expand

    typer.echo(cli_expand.text(spec, defines(define), count_only=count, format=format, trial=trial))


@app.command()
def status(run: RunArgument = None) -> None:
    """Print how far a run is. Works while it runs."""
    from sweeper.cli import report as cli_report

    typer.echo(cli_report.status(find(run)))


@app.command()
def show(
    run: RunArgument = None,
    trial: Annotated[
        str | None, typer.Argument(metavar="TRIAL", help="A trial's id or its beginning.")
    ] = None,
) -> None:
    """Print a run, or a trial of it. Of a trial: values, attempts, error, history and log."""
    from sweeper.cli import report as cli_report

    typer.echo(cli_report.show(run, trial))


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
        Literal["table", "csv", "json", "md"], typer.Option(help="How to print.")
    ] = "table",
    all_channels: Annotated[
        bool, typer.Option("--all-channels", help="Also the last value of every channel.")
    ] = False,
) -> None:
    """Print a run's trials, best first. Works while it runs."""
    from sweeper.cli import report as cli_report

    typer.echo(
        cli_report.report(find(run), over=over or [], format=format, all_channels=all_channels)
    )


def find(run: str | None) -> Path:
    """The folder of the run that the user means."""
    from sweeper.runs.find import find_run

    return find_run(run, Path.cwd())


def defines(pairs: Sequence[str] | None) -> dict[str, str]:
    """`-D name=value`, as a mapping."""
    found = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(
                f"-D {pair}: expected NAME=VALUE, where NAME is a name such as max_epochs. "
                "Write it as -D max_epochs=5."
            )
        found[name] = value
    return found


def main() -> None:
    """The entry point of `sweep`."""
    # Records of many trials come and go, and none is in a cycle: to look for those among all that
    # live, after each 700 new ones, took a fifth of a driver's time.
    gc.set_threshold(20_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors become one paragraph."""
    debug = "--debug" in arguments
    # The message of an error says to add --debug: it may stand anywhere then.
    rest = [argument for argument in arguments if argument != "--debug"]
    try:
        return code_of(rest)
    except SweepError as error:
        if debug:
            raise
        complain(str(error))
        return error.exit_code
    except Exception as error:
        if debug:
            raise
        complain(
            f"internal error: {type(error).__name__}: {error}. Please run again with --debug, "
            "which prints the traceback, and report it."
        )
        return 1


def code_of(arguments: Sequence[str]) -> int:
    """Run one command line through typer; the exit code that it asks for."""
    try:
        typer.main.get_command(app).main(list(arguments), prog_name="sweep")
    except SystemExit as end:
        code = end.code
    try:
        sys.stdout.flush()
    except OSError:  # `| head` has read enough, or the terminal is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(code, str):  # sys.exit("text"), as Python itself takes it
        complain(code)
        return 1
    return code or 0


def complain(paragraph: str) -> None:
    """Print an error to stderr, apart from what went to stdout."""
    with contextlib.suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        print(paragraph, file=sys.stderr)
