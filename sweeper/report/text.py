"""Words for a terminal: durations, and nothing that could steer it."""

from __future__ import annotations

import re

# A run's texts may be a stranger's: their control codes must not reach the terminal, and what turns
# the direction of writing must not show another text than there is. Newline and tab may pass.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with what could steer a terminal, or is no UTF-8, as JSON writes it: \\u001b."""
    return _CONTROL.sub(_escaped, text.replace("\r\n", "\n"))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def duration(seconds: float) -> str:
    """Seconds as "12.3 s", "4 min 05 s", "3 h 07 min", "2 d 04 h"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, part, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part:02d} {small}"
    return f"{whole // 60} min {whole % 60:02d} s"
