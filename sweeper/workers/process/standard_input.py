"""Nobody answers what a trial asks: a worker's standard input is empty, and it has no terminal."""

from __future__ import annotations

import fcntl
import os
import sys
import termios
from contextlib import suppress


def empty() -> None:
    """Let every read from standard input, and from the terminal, find its end at once."""
    with suppress(OSError):  # getpass and the like open the terminal itself
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.ioctl(terminal, termios.TIOCNOTTY)
        finally:
            os.close(terminal)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.pop("PYTHONBREAKPOINT", None)  # Ray's waits for a connection, or does nothing
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
