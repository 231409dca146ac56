"""The way in: run one command line, errors become one paragraph and an exit code."""

import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Sequence

import typer

from sweeper.cli.app import app
from sweeper.cli.escaped import escaped_output
from sweeper.records import EndKind
from sweeper.records.errors import SweepError


def main() -> None:
    """The entry point of `sweep`."""
    # Records of many trials come and go, and none is in a cycle: to look for those among all that
    # live, after each 700 new ones, took a fifth of a driver's time.
    gc.set_threshold(20_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors become one paragraph."""
    with escaped_output():
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    debug = "--debug" in arguments
    # The message of an error says to add --debug: it may stand anywhere then.
    rest = [argument for argument in arguments if argument != "--debug"]
    try:
        return code_of(rest)
    except SweepError as error:
        complain(traceback.format_exc() if debug else str(error))
        return error.exit_code
    except Exception as error:
        if debug:
            complain(traceback.format_exc())
            return EndKind.CRASHED.exit_code
        complain(
            f"internal error: {type(error).__name__}: {error}. Please run again with --debug, "
            "which prints the traceback, and report it."
        )
        return EndKind.CRASHED.exit_code


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
        return EndKind.CRASHED.exit_code
    return code or 0


def complain(paragraph: str) -> None:
    """Print an error to stderr, apart from what went to stdout."""
    with contextlib.suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        print(paragraph, file=sys.stderr)
