"""Strings: environment names in paths, and an order that reads numbers as numbers."""

from __future__ import annotations

import re

from pylearn2core import paths
from pylearn2core.errors import ConfigError
from pylearn2core.utils.exc import NoDataPathError
from pylearn2core.words import did_you_mean

_NAME = re.compile(r"\$\{([^{}]*)\}")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


def preprocess(string: str, environ: dict[str, str] | None = None) -> str:
    """`string` with each `${NAME}` replaced by that environment variable.

    environ: looked into first.    Raises ConfigError for a name that is not set, NoDataPathError
    where that is PYLEARN2_DATA_PATH.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        known = (environ or {}).get(name)
        known = paths.environ(name) if known is None else known
        if known is None and name == "PYLEARN2_DATA_PATH":
            raise NoDataPathError
        if known is None:
            raise ConfigError(
                f"${{{name}}} in {string!r}: there is no environment variable of that name"
                f"{did_you_mean(name, environ or {})}. Set it, or write the path out."
            )
        return known

    return _NAME.sub(value, string)


def find_number(s: str) -> tuple[int, int] | None:
    """(begin, end) of the first number in `s`, None where there is none."""
    found = _NUMBER.search(s)
    return None if found is None else found.span()


def tokenize_by_number(in_str: str) -> list[str | float]:
    """The text between numbers as strings, and the numbers, in order."""
    tokens: list[str | float] = []
    end = 0
    for found in _NUMBER.finditer(in_str):
        if found.start() > end:
            tokens.append(in_str[end : found.start()])
        tokens.append(float(found[0]))
        end = found.end()
    return [*tokens, in_str[end:]] if end < len(in_str) else tokens


def number_aware_alphabetical_key(in_str: str) -> tuple[tuple[int, float, str], ...]:
    """A key for `sorted`: `h2` comes before `h10`."""
    return tuple(
        (0, token, "") if isinstance(token, float) else (1, 0.0, token)
        for token in tokenize_by_number(in_str)
    )


def match(wrong: str, candidates: list[str]) -> str:
    """The candidate that is most like `wrong`."""
    from difflib import SequenceMatcher

    return max(candidates, key=lambda one: SequenceMatcher(None, wrong, one).ratio())
