"""The way to the terminal: all that a command prints goes through here, errors of others too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

from sweeper.report.text import printable


class EscapedStream:
    """A stream that shows control codes, and what it can't encode, as escapes.

    raw: the stream itself, for who draws on a terminal.
    """

    encoding = "utf-8"  # what it takes, whatever the terminal does
    errors = "backslashreplace"

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write the text, escaped."""
        encoding = self.raw.encoding or "utf-8"
        self.raw.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of the texts, escaped."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def escaped_output() -> Iterator[None]:
    """What is printed inside, by whomever, is escaped."""
    with redirect_stdout(_escaped(sys.stdout)), redirect_stderr(_escaped(sys.stderr)):
        yield


def _escaped(stream: TextIO) -> TextIO:
    """The stream, escaped; None where a process was started without one."""
    return stream if stream is None else cast("TextIO", EscapedStream(stream))


def raw(stream: TextIO) -> TextIO:
    """The stream itself, which takes a display's own control codes."""
    return stream.raw if isinstance(stream, EscapedStream) else stream
