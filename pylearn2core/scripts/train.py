"""Train what a YAML file describes: `train.py FILE.yaml`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Any

from pylearn2core import log
from pylearn2core.config.imports import import_alias
from pylearn2core.errors import ConfigError, NonFiniteError, Where


def __getattr__(name: str) -> Any:
    # Files of Pylearn2's first year name `pylearn2.scripts.train.Train`. Late: `--help` needs none.
    if name == "Train":
        from pylearn2core.train import Train

        return Train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit code: 0, 1 where training failed, 2 for the user's input."""
    options = _parser().parse_args(argv)
    log.show(logging.DEBUG if options.debug else logging.INFO, _pattern(options))
    try:
        run(options.config, options.time_budget)
    except (ConfigError, NonFiniteError) as err:
        if options.debug:
            raise
        print(err, file=sys.stderr)
        return 2 if isinstance(err, ConfigError) else 1
    return 0


def run(config: str, time_budget: float | None = None) -> None:
    """Train each phase of the experiment in the file `config`.

    time_budget: seconds for each phase; looked at between epochs.
    Raises ConfigError with file, line and key path.
    """
    import_alias()
    from pylearn2core.utils import serial

    experiment = serial.load_train_file(config)
    phases = experiment if isinstance(experiment, list) else [experiment]
    for phase in phases:
        _check(phase, config)
    # Each is let go when it is done: the next may need its memory.
    while phases:
        phases.pop(0).main_loop(time_budget=time_budget)


def _check(phase: Any, config: str) -> None:
    if not hasattr(phase, "main_loop"):
        raise ConfigError(
            f"this describes a {type(phase).__name__}, which has no main_loop; expected "
            f"`!obj:pylearn2.train.Train {{...}}`, or a list of these.",
            Where(config),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="train.py", description=__doc__)
    add = parser.add_argument
    add("config", metavar="FILE.yaml", help="the experiment")
    add("-t", "--time-budget", type=float, metavar="SECONDS", help="end after an epoch past this")
    add("-L", "--level-name", action="store_true", help="show each message's level")
    add("-T", "--timestamp", action="store_true", help="show each message's time")
    add("-V", "--verbose-logging", action="store_true", help="show time, level and logger")
    add("-D", "--debug", action="store_true", help="show debugging messages, and tracebacks")
    return parser


def _pattern(options: argparse.Namespace) -> str:
    parts = ["%(message)s"]
    if options.verbose_logging:
        parts.insert(0, "%(name)s")
    if options.level_name or options.verbose_logging:
        parts.insert(0, "%(levelname)s")
    if options.timestamp or options.verbose_logging:
        parts.insert(0, "%(asctime)s")
    return " ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
