"""Runs of format 2 kept how they ended as a word and a paragraph: the kind is made out here.

Its trials are one batch: it has no table of those. Nothing else differs from format 3, and a
driver that claims such a run makes it one of format 3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweeper.records import EndKind

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION = 2

_MANY_FAILED = re.compile(r"given up when \d+ of the first \d+ trials had failed; ")
_NONE_BUILT = re.compile(r"Of \d+ trials of this shape \d+ were tried, .* none could be built\. ")
_TIME_SHORT = (
    "interrupted: its time was short (SIGUSR1)",
    "interrupted: its place was taken away (SIGTERM)",
)


def kind_of(word: str, reason: str, mistakes: Collection[str]) -> EndKind:
    """How a run ended. word: "finished", "interrupted" or "failed".

    mistakes: what attempts said that could not be built for what the user wrote.
    """
    if word == "finished":
        return EndKind.FINISHED
    if word == "interrupted":
        return EndKind.TIME_SHORT if reason in _TIME_SHORT else EndKind.INTERRUPTED
    if _MANY_FAILED.match(reason):
        return EndKind.FAILURES
    # The header's keys, as of an objective that no trial records, begin so.
    if reason.startswith("sweep.") or reason in mistakes or _NONE_BUILT.search(reason):
        return EndKind.INPUT
    return EndKind.CLUSTER
