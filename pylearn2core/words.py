"""Words that messages share: how a name may have been meant, and how many of something there are.

The standard library alone, so that every layer may use it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal


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
    close = difflib.get_close_matches(str(name), [str(one) for one in known], n=most)
    if not close:
        return "." if form == "end" else ""
    match form:
        case "aside":
            return f" (did you mean {' or '.join(close)}?)"
        case "end":
            return f", did you mean {close[0]}?"
        case "sentence":
            return f" Did you mean {close[0]!r}?"


def counted(number: int, noun: str) -> str:
    """Return "1 core", "2 cores", "0 cores" of `noun` "core"."""
    return f"{number} {noun}{'s' * (number != 1)}"
