"""`sweep`, the command line: parse, call, print, format errors."""

from sweeper.cli.app import main, run

__all__ = ["main", "run"]
