"""The arguments and options that several commands take, and what is made of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sweeper.records.errors import InputError

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
