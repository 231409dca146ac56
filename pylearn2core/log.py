"""What is shown on the terminal where the user's program configured no logging."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

_LOGGER = logging.getLogger("pylearn2core")


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stdout` is at the time, warnings and worse to `sys.stderr`."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
        super().emit(record)


class _Formatter(logging.Formatter):
    """By its pattern; where that has no level, it stands first from WARNING on."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        shown = record.levelno < logging.WARNING or "levelname" in (self._fmt or "")
        return text if shown else f"{record.levelname}: {text}"


def show_by_default() -> None:
    """Show this package's messages from INFO on, unless somebody configured logging already."""
    if not _LOGGER.handlers and not logging.getLogger().handlers:
        show(logging.INFO)


def show(level: int, pattern: str = "%(message)s") -> None:
    """Show this package's messages from `level` on, written by `pattern`; only once."""
    if not any(isinstance(handler, _Handler) for handler in _LOGGER.handlers):
        _LOGGER.addHandler(_Handler(sys.stdout))
    for handler in _LOGGER.handlers:
        if isinstance(handler, _Handler):
            handler.setFormatter(_Formatter(pattern))
    _LOGGER.setLevel(level)
