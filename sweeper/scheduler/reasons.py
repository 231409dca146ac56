"""Why a sweep ended early, as the paragraph that its user reads and that the store keeps.

What a driver exited with can be told from that paragraph again, by a process that did not see it.
"""

from __future__ import annotations

import re

_MANY_FAILED = re.compile(r"given up when \d+ of the first \d+ trials had failed; ")


def many_failed(failed: int, ended: int, last: str) -> str:
    """Too many trials failed. last: what the last one said."""
    return f"given up when {failed} of the first {ended} trials had failed; the last one: {last}"


def is_many_failed(reason: str) -> bool:
    """Whether `many_failed` made it."""
    return _MANY_FAILED.match(reason) is not None


def none_built(why: str, *, tried: int, trials: int) -> str:
    """No trial of an experiment that was tried could be built. why: what the first one said."""
    return (
        f"{_open(why)}. Of {trials} trials of this shape {tried} were tried, the first and the last"
        " among them, and none could be built. Mend the spec and launch it again."
    )


def is_none_built(reason: str, why: str) -> bool:
    """Whether `none_built` made it from this."""
    return reason == why or reason.startswith(f"{_open(why)}. Of ")


def _open(sentence: str) -> str:
    return sentence.rstrip(".")
