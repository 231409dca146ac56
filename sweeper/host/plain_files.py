"""Reading files that anybody may have put there: plain ones alone, and never more than is sound."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

MOST_BYTES = 1 << 20  # of a note, a record, what a driver is asked


class OddFileError(OSError):
    """Not a plain file, or one that is larger than what is written there."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.strerror = what


def open_plain(path: Path) -> int:
    """A descriptor of a plain file, to be read. Raises OSError, of a FIFO or folder too."""
    # A FIFO that nobody writes to would be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OddFileError("it is not a plain file")
    return descriptor


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """The text of a small file. Raises OSError, and UnicodeError where it is no UTF-8."""
    with os.fdopen(open_plain(path), "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OddFileError(f"it has more than {most_bytes} bytes")
    return content.decode()


def lines(path: Path, longest: int) -> Iterator[str]:
    """The lines of a file, each without its end and cut at `longest` characters. Raises OSError."""
    with os.fdopen(open_plain(path), encoding="utf-8", errors="replace") as file:
        is_rest = False
        while piece := file.readline(longest):
            if not is_rest:
                yield piece.rstrip("\n")
            is_rest = not piece.endswith("\n")
