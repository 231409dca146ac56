"""Words that messages share: how a name may have been meant, how many there are, what is too long.

The standard library alone, so that every layer may use it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from heapq import nsmallest
from typing import Literal

# A name is compared with so many others, of so many characters at most: each comparison may take
# as long as the product of the two lengths.
_MOST_NAMES = 500
_LONGEST_NAME = 100


def did_you_mean(
    name: object, known: Iterable[object], form: Literal["aside", "end", "sentence"] = "aside"
) -> str:
    """Return the question whether what is `known` and closest to `name` was meant.

    form: how it goes on from a text that refuses `name`:
      aside: " (did you mean a or b?)", two names at most;
      end: ", did you mean a?", which ends the sentence, as the "." without a close name does;
      sentence: " Did you mean 'a'?".
    But for "end" it is an empty string where nothing is close.
    """
    most = 2 if form == "aside" else 1
    close = difflib.get_close_matches(str(name), _comparable(str(name), known), n=most)
    if not close:
        return "." if form == "end" else ""
    match form:
        case "aside":
            return f" (did you mean {' or '.join(close)}?)"
        case "end":
            return f", did you mean {close[0]}?"
        case "sentence":
            return f" Did you mean {close[0]!r}?"


def _comparable(name: str, known: Iterable[object]) -> list[str]:
    """Those `known` that are of about the length of `name`: so many that looking takes no time."""
    if len(name) > _LONGEST_NAME:
        return []
    others = (str(one) for one in known)
    # get_close_matches asks for a ratio of 0.6, twice the common characters to those of both.
    alike = (one for one in others if 3 * max(len(one), len(name)) <= 7 * min(len(one), len(name)))
    return nsmallest(_MOST_NAMES, alike, key=lambda one: abs(len(one) - len(name)))


def shortened(text: str, most: int = 80) -> str:
    """Return `text`, or its head and its tail where it has more than `most` characters."""
    if len(text) <= most:
        return text
    return f"{text[: most - most // 4]}…{text[-(most // 4) :]}"


def counted(number: int, noun: str) -> str:
    """Return "1 core", "2 cores", "0 cores" of `noun` "core"."""
    return f"{number} {noun}{'s' * (number != 1)}"
