"""Jinja: a template and variables to YAML text in which tokens stand for the printed values.

`{{ expression }}` prints a token, `__sweep_token_0__`, and its value is kept beside the text, so a
value reaches the experiment as what it is, whatever YAML would make of its spelling. What a
`{% macro %}`, a `{% set %}...{% endset %}` block, `| tojson` or `| safe` gives is template text,
which is printed as it stands.

Templates run in a sandbox: no attribute that Python keeps to itself, no change of a value, no other
file, nothing random.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateRuntimeError,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    meta,
    nodes,
    pass_context,
)
from jinja2.environment import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from pylearn2core.config.nodes import MARKER, OUT, TOKEN, TRIAL
from pylearn2core.errors import Where
from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.spec.place import input_error

# No identifier, so no variable of the user's can have this name.
_TOKENS = " tokens"
_MARK = re.compile("\0(\\d+)\0")
_ELSEWHERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class UnknownNameError(InputError):
    """A template uses a variable that there is not."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """text: YAML with tokens.    tokens: the value of each, in order."""

    text: str
    tokens: tuple[Any, ...]


# ------------------------------------------------------------------ the environments
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
    if isinstance(value, Markup):
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises
    tokens: list[Any] = context.parent[_TOKENS]
    tokens.append(_plain(value))
    return f"{MARKER}{len(tokens) - 1}__"


def _plain(value: Any) -> Any:
    """Return a printed value as plain data."""
    if isinstance(value, str):
        if MARKER in value and MARKER in value.replace(TRIAL, "").replace(OUT, ""):
            raise TemplateRuntimeError(f"a printed value contains {MARKER!r}, the renderer's mark")
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    raise TemplateRuntimeError(
        f"a {type(value).__name__} can't be printed: only null, bools, numbers, strings, lists and "
        "maps can (`| list` makes a list of a range or of a filter's result)"
    )


def environment(*, tokens: bool = True, marks: bool = False) -> Environment:
    """Return a sandbox. tokens: print tokens for values.    marks: write the lines' numbers."""
    env = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=tokens,
        finalize=_print_token if tokens else None,
        keep_trailing_newline=True,
        extensions=[_LineMarks] if marks else [],
    )
    # Two renderings of one trial must be the same.
    del env.globals["lipsum"], env.filters["random"]
    return env


GLOBALS = frozenset(environment().globals)


# ------------------------------------------------------------------ a template
class Renderer:
    """A template, compiled once.

    first_line: the line of the file where the template starts, from 1.
    known: names to suggest where an unknown one is used.
    Raises InputError, with file and line, for what is no template.
    """

    def __init__(self, template: str, source: str, *, first_line: int, advice: str = "") -> None:
        self.template = template
        self.source = source
        self.first_line = first_line
        self.advice = advice
        self._with_marks: Template | None = None
        env = environment()
        try:
            tree = env.parse(template)
            self._check_alone(tree)
            self.names = frozenset(meta.find_undeclared_variables(tree))
            self._compiled = env.from_string(template)
        except TemplateSyntaxError as error:
            message = f"this is no template: {error.message}".rstrip(".")
            raise self._error(f"{message}.", error.lineno) from None

    def _error(self, message: str, line: int | None) -> InputError:
        return input_error(message, self._where(line))

    def _where(self, line: int | None) -> Where:
        return Where(self.source, line + self.first_line - 1 if line is not None else None)

    def _check_alone(self, tree: nodes.Template) -> None:
        for node in tree.find_all(_ELSEWHERE):
            kind = type(node).__name__.lower()
            message = f"`{kind}` of another file is not supported: a sweep is one file."
            raise self._error(f"{message} Copy what it needs into this one.", node.lineno)

    def render(self, variables: Mapping[str, Any], values: Mapping[str, Any] = {}) -> Rendered:
        """Return the text for `variables`. values: of the trial, for an error.

        Raises InputError where the template uses an unknown variable or an expression fails.
        """
        text, tokens = self._run(self._compiled, variables, values)
        if TRIAL in text or OUT in text:
            text = _number_named(text, tokens)
        return Rendered(text, tuple(tokens))

    def _run(
        self, template: Template, variables: Mapping[str, Any], values: Mapping[str, Any]
    ) -> tuple[str, list[Any]]:
        tokens: list[Any] = []
        try:
            return template.render({**variables, _TOKENS: tokens}), tokens
        except UndefinedError as error:
            raise self._undefined(error, variables, _of(values)) from None
        except Exception as error:  # whatever an expression of the user's raises
            kind = "" if isinstance(error, TemplateRuntimeError) else f"{type(error).__name__}: "
            message = f"an expression failed{_of(values)}: {kind}{error}"
            raise self._error(f"{message.rstrip('.')}.", _line(error)) from None

    def _undefined(
        self, error: UndefinedError, variables: Mapping[str, Any], of: str
    ) -> InputError:
        found = re.fullmatch(r"'(\w+)' is undefined", error.message or "")
        if found is None:
            return self._error(f"an expression failed{of}: {error.message}.", _line(error))
        name = found[1]
        message = f"unknown variable {name!r}{of}{did_you_mean(name, variables)}. {self.advice}"
        return UnknownNameError(f"{self._where(_line(error))}: {message.rstrip()}")

    def lines(self, variables: Mapping[str, Any], text: str) -> tuple[int, ...]:
        """Return, for each line of the rendered `text`, its line in the file.

        A line that no text of the template's own stands in has the line of the one before.
        """
        if self._with_marks is None:
            self._with_marks = environment(marks=True).from_string(self.template)
        try:
            marked, tokens = self._run(self._with_marks, variables, {})
        except InputError:  # a template that looks at its own text may stumble over the marks
            marked, tokens = text, []
        rows = _number_named(marked, tokens).split("\n")
        if "\n".join(_MARK.sub("", row) for row in rows) != text:
            rows = text.split("\n")
        result: list[int] = []
        line = 1
        for row in rows:
            found = _MARK.search(row)
            line = int(found[1]) if found else line
            result.append(line + self.first_line - 1)
        return tuple(result)

    def check_text(self, text: str) -> None:
        """Raise InputError where a filter or `~` has spoilt a token or a value in `text`."""
        if text.lower().count(MARKER) != len(TOKEN.findall(text)):
            raise self._error(
                "a filter changed the text of a macro or of a set block, and with it the values in "
                "it. Apply the filter to the values themselves.",
                None,
            )
        escaped = [e for e in ("&amp;", "&lt;", "&gt;", "&#34;", "&#39;") if e in text]
        if any(entity not in self.template for entity in escaped):
            raise self._error(
                "a value was joined (`~`, or a filter) to the text of a macro or of a set block, "
                "which escapes it. Print the two one after the other: {{ text }}{{ value }}.",
                None,
            )


def _number_named(text: str, tokens: list[Any]) -> str:
    """Turn `trial` and `out` that were printed as text into numbered tokens too."""

    def numbered(found: re.Match[str]) -> str:
        tokens.append(found.group())
        return f"{MARKER}{len(tokens) - 1}__"

    return re.sub(f"{TRIAL}|{OUT}", numbered, text)


def _of(values: Mapping[str, Any]) -> str:
    of = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return f", in the trial {of}" if of else ""


def _line(error: BaseException) -> int | None:
    """Return the template's line that raised: Jinja puts it into the traceback."""
    line = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line
