"""What `{{ expression }}` prints: a token, whose value is kept beside the text; lines' numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import TemplateRuntimeError, Undefined, pass_context
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from markupsafe import Markup

from pylearn2core.config.nodes import MARKER, OUT, TRIAL
from sweeper.spec.limits import MAX_DIGITS, MAX_NODES
from sweeper.spec.sandbox import Sandbox
from sweeper.spec.work import OPERATION, LimitError, Work, size_of

# No identifier, so no variable of the user's can have this name.
TOKENS = " tokens"
"""Of a rendering's variables: the list that takes the printed values."""

MARK = re.compile("\0(\\d+)\0")
"""A line's number in a text that was rendered with marks."""

_HUGE = 10**MAX_DIGITS
_ATOMS = {type(None), bool, float, int}
_HALF = re.compile("[\ud800-\udfff]")


class _LineMarks(Extension):
    """Writes each line's number into the template's own text, as `NUL number NUL`."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for token in stream:
            yield _marked(token) if token.type == "data" else token


def _marked(token: Token) -> Token:
    rows = token.value.split("\n")
    marked = "\n".join(f"\0{token.lineno + i}\0{row}" for i, row in enumerate(rows))
    return Token(token.lineno, token.type, marked)


# `pass_context`, or Jinja would print constants at compile time and their tokens would be lost.
@pass_context
def _print_token(context: Context, value: Any) -> str:
    work: Work = context.environment.work  # type: ignore[attr-defined]
    if isinstance(value, Markup):
        work.spend(OPERATION + size_of(value))
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises
    tokens: list[Any] = context.parent[TOKENS]
    tokens.append(printed(value, work))
    if len(tokens) > MAX_NODES:
        raise LimitError(f"more than {MAX_NODES:,} values would be printed")
    return f"{MARKER}{len(tokens) - 1}__"


def printed(value: Any, work: Work) -> Any:
    """Return what is kept of a printed value, which is counted as `work`: plain data.

    Raises TemplateRuntimeError for what is none.
    """
    size = size_of(value)
    work.spend(2 * (OPERATION + size))
    work.keep(size)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        if not value.isascii() and _HALF.search(value):
            raise TemplateRuntimeError("a printed value holds half a character, which no file can")
        if MARKER in value and MARKER in value.replace(TRIAL, "").replace(OUT, ""):
            raise TemplateRuntimeError(f"a printed value contains {MARKER!r}, the renderer's mark")
        return str(value)
    if isinstance(value, int) and not -_HUGE < value < _HUGE:
        raise LimitError(f"a whole number of more than {MAX_DIGITS} digits can't be printed")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        if _is_flat(value):
            return list(value)
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    raise TemplateRuntimeError(
        f"a {type(value).__name__} can't be printed: only null, bools, numbers, strings, lists and "
        "maps can (`| list` makes a list of a range or of a filter's result)"
    )


def _is_flat(values: Sequence[Any]) -> bool:
    """Whether all are numbers of no great length, bools or null: found faster than one by one."""
    kinds = set(map(type, values))
    if not kinds <= _ATOMS:
        return False
    numbers = [value for value in values if type(value) is int] if int in kinds else [0]
    return bool(min(numbers) > -_HUGE and max(numbers) < _HUGE)


def environment(work: Work, *, tokens: bool = True, marks: bool = False) -> Sandbox:
    """Return a sandbox. tokens: print tokens for values.    marks: write the lines' numbers."""
    return Sandbox(
        work,
        autoescape=tokens,
        finalize=_print_token if tokens else None,
        keep_trailing_newline=True,
        extensions=[_LineMarks] if marks else [],
    )


GLOBALS = frozenset(environment(Work()).globals)
