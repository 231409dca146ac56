"""Text that somebody else made, as it may be kept: UTF-8 can hold it, and it has an end."""

from __future__ import annotations

# Characters that are kept of each.
MESSAGE = 8_000
TRACEBACK = 60_000
CHANNEL = 500
LINE = 16_000
_LEFT_OUT = " [... {:,} characters left out ...] "


def kept(text: str, most: int) -> str:
    """The text; of one with more than `most` characters its head and its tail, and what is missing.

    A half of a surrogate pair, to which a file's name that is no UTF-8 leads, becomes \\udcff.
    """
    if len(text) > most:
        room = most - len(_LEFT_OUT.format(len(text)))  # what was kept once is kept as it is
        tail = room // 4
        head = room - tail
        left_out = len(text) - head - tail
        text = text[:head] + _LEFT_OUT.format(left_out) + text[-tail:]
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def said_by(error: BaseException) -> str:
    """What an exception says of itself, whatever its class does when it is asked."""
    try:
        return str(error)
    except BaseException as fault:
        return f"(its text can't be had: __str__ raises {type(fault).__name__})"


def told(error: BaseException) -> str:
    """An exception as the last line of a traceback tells it, bounded."""
    said = said_by(error)
    name = type(error).__name__
    return kept(f"{name}: {said}" if said else name, MESSAGE)
