"""A worker's log: one file, Python's lines tagged with the trial that printed them.

What C code prints goes to the same file, untagged.
"""

from __future__ import annotations

import codecs
import faulthandler
import io
import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from sweeper.records import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Longer than this, a line is written in pieces: what never ends one must not fill the memory.
LONGEST_LINE = 4096
# At this a worker writes to its log where each of its threads is.
STACK_SIGNAL = signal.SIGUSR2
# A carriage return ends a line too: a progress bar draws each of its states over the one before.
_LINE_END = re.compile(r"\r*\n\r*|\r+")


class TaggedStream(io.TextIOBase):
    """A text stream that writes whole lines to a file descriptor, each with the present tag.

    tag: what to put before a line, "" for nothing; asked at each line's end.
    A line that is not whole yet waits for its end, for `LONGEST_LINE`, or for `flush_line`.
    """

    def __init__(self, descriptor: int, tag: Callable[[], str]) -> None:
        self._descriptor = descriptor
        self._tag = tag
        self._rest = ""
        self._lock = threading.Lock()
        self.buffer = _BytesOf(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a class attribute in typeshed
        """utf-8."""
        return "utf-8"

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The descriptor, for what writes past Python."""
        return self._descriptor

    def write(self, written: str) -> int:
        """Write the whole lines of what is written; keep the rest."""
        with self._lock:
            *lines, rest = _LINE_END.split((self._rest + written).lstrip("\r"))
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], ""
            self._rest = rest
            self._write_lines(lines)
        return len(written)

    def close(self) -> None:
        """Write the line that has no end yet. Other trials speak here too, so it stays open."""
        self.flush_line()

    def flush_line(self) -> None:
        """Write a line that has no end yet, as before another trial begins."""
        with self._lock:
            if self._rest:
                self._write_lines([self._rest])
                self._rest = ""

    def _write_lines(self, lines: list[str]) -> None:
        if not lines:
            return
        tag = self._tag()
        before = f"{tag}| " if tag else ""
        data = "".join(f"{before}{text.kept(line, text.LINE)}\n" for line in lines).encode("utf-8")
        # A full disk must not take the trial down with its log.
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return


class _BytesOf(io.RawIOBase):
    """`sys.stdout.buffer`: what is written here goes into the lines of its text stream."""

    def __init__(self, stream: TaggedStream) -> None:
        self._stream = stream
        # A character may come in two writes.
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: Any) -> int:
        """Write the bytes as UTF-8 text; what is none is shown as \\xNN."""
        given = bytes(data)
        self._stream.write(self._decoder.decode(given))
        return len(given)


class WorkerLog:
    """The log of this process, once `take_over` was called."""

    def __init__(self) -> None:
        self._tag = ""
        self._streams: tuple[TaggedStream, ...] = ()

    @property
    def tag(self) -> str:
        """Of the trial that runs, "" between trials."""
        return self._tag

    @tag.setter
    def tag(self, tag: str) -> None:
        for stream in self._streams:
            stream.flush_line()
        self._tag = tag

    def take_over(self, path: Path) -> None:
        """Send this process's output to the file: descriptors 1 and 2, and Python's streams."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for standard in (1, 2):
            os.dup2(descriptor, standard)
        # Works while C code holds Python's lock, too.
        faulthandler.register(STACK_SIGNAL, file=descriptor, all_threads=True)
        global _log  # noqa: PLW0603  (a process has one standard output)
        _log = self
        self._streams = tuple(TaggedStream(descriptor, lambda: self._tag) for _ in range(2))
        sys.stdout, sys.stderr = _as_text(self._streams[0]), _as_text(self._streams[1])


_log: WorkerLog | None = None


def speak_as(tag: str) -> None:
    """Put `tag` before each line that is printed from now on; "" for none."""
    if _log is not None:
        _log.tag = tag


def _as_text(stream: TaggedStream) -> TextIO:
    return stream  # type: ignore[return-value]  # has all of TextIO that a program uses
