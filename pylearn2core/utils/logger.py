"""Pylearn2's names for setting up its log."""

from __future__ import annotations

import logging
import sys
from typing import Any

__all__ = ["CustomFormatter", "CustomStreamHandler", "configure_custom", "restore_defaults"]

_ROOT = "pylearn2core"


class CustomFormatter(logging.Formatter):
    """Plain messages; those that are no mere information begin with their level."""

    def __init__(self, prefix: str = "", only_from: str | None = None) -> None:
        super().__init__("%(message)s")
        self._prefix, self._only_from = prefix, only_from

    def format(self, record: logging.LogRecord) -> str:
        """The message."""
        text = super().format(record)
        if record.levelno != logging.INFO:
            text = f"{record.levelname}: {text}"
        ours = self._only_from is None or record.name.startswith(self._only_from)
        return f"{self._prefix}{text}" if ours else text


class CustomStreamHandler(logging.Handler):
    """Information to `stdout`, warnings and errors to `stderr`; streams, or None for Python's."""

    def __init__(
        self, stdout: Any = None, stderr: Any = None, formatter: logging.Formatter | None = None
    ) -> None:
        super().__init__()
        self._streams = stdout, stderr
        self.setFormatter(formatter or CustomFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        stdout, stderr = self._streams
        is_bad = record.levelno > logging.INFO
        stream = (stderr or sys.stderr) if is_bad else (stdout or sys.stdout)
        stream.write(self.format(record) + "\n")
        stream.flush()


def configure_custom(debug: bool = False, stdout: Any = None, stderr: Any = None) -> None:
    """Show this package's log: information to one stream, warnings to the other."""
    restore_defaults()
    logger = logging.getLogger(_ROOT)
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.addHandler(CustomStreamHandler(stdout, stderr))


def restore_defaults() -> None:
    """Take back what configure_custom did."""
    logger = logging.getLogger(_ROOT)
    for handler in [one for one in logger.handlers if isinstance(one, CustomStreamHandler)]:
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
