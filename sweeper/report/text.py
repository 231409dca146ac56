"""Words for a terminal: durations, and nothing that could steer it."""

from __future__ import annotations

import re

# A run's texts may be a stranger's: their control codes must not reach the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with control codes, but for newline and tab, replaced by a question mark."""
    return _CONTROL.sub("?", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode()


def duration(seconds: float) -> str:
    """Seconds as "12.3 s", "4 min 05 s", "3 h 07 min", "2 d 04 h"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, part, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part:02d} {small}"
    return f"{whole // 60} min {whole % 60:02d} s"
