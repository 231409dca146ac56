"""Words of a command for the shell of another machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def quoted(words: Iterable[str]) -> str:
    """A command of `words`; `~/` at a word's start is the home folder there."""
    return " ".join(
        f'"$HOME"/{shlex.quote(word[2:])}' if word.startswith("~/") else shlex.quote(word)
        for word in words
    )
