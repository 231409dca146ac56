"""Why a sweep ended early, as the paragraph that its user reads and that the store keeps."""

from __future__ import annotations

CANCELLED = "the user cancelled this trial"
LOST_AT_RUNG = "its worker was lost while it waited at a rung"


def many_failed(failed: int, ended: int, last: str) -> str:
    """Too many trials failed. last: what the last one said."""
    return f"given up when {failed} of the first {ended} trials had failed; the last one: {last}"


def none_built(why: str, *, tried: int, trials: int) -> str:
    """No trial of an experiment that was tried could be built. why: what the first one said."""
    return (
        f"{_open(why)}. Of {trials} trials of this shape {tried} were tried, the first and the last"
        " among them, and none could be built. Mend the spec and launch it again."
    )


def _open(sentence: str) -> str:
    return sentence.rstrip(".")
