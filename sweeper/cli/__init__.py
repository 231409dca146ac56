"""`sweep`, the command line: parse, call, print, format errors."""

from sweeper.cli.entry import main, run

__all__ = ["main", "run"]
