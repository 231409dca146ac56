"""Jinja: a template and variables to YAML text in which tokens stand for the printed values.

`{{ expression }}` prints a token, `__sweep_token_0__`, and its value is kept beside the text, so a
value reaches the experiment as what it is, whatever YAML would make of its spelling. What a
`{% macro %}`, a `{% set %}...{% endset %}` block, `| tojson` or `| safe` gives is template text,
which is printed as it stands. Templates run in the sandbox of `sandbox`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from jinja2 import TemplateRuntimeError, TemplateSyntaxError, UndefinedError, meta, nodes

from pylearn2core.config.nodes import MARKER, OUT, TOKEN, TRIAL
from pylearn2core.errors import Where
from pylearn2core.words import did_you_mean, shortened
from sweeper.records.errors import InputError
from sweeper.spec.limits import MAX_EXPRESSIONS, MAX_LINES
from sweeper.spec.place import assigned, input_error
from sweeper.spec.printing import MARK, TOKENS, environment, printed
from sweeper.spec.sandbox import Program
from sweeper.spec.work import Work

_COMMENT = re.compile(r"(?:^|\s)#.*\{[{%]")
_ELSEWHERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class UnknownNameError(InputError):
    """A template uses a variable that there is not."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """text: YAML with tokens.    tokens: the value of each, in order."""

    text: str
    tokens: tuple[Any, ...]


@contextmanager
def told(error: Callable[[str, int | None], InputError], what: str) -> Iterator[None]:
    """Turn what Jinja, and Python below it, raise for what can't be compiled into an InputError.

    error: makes it of a message and a template's line.    what: names what was to be compiled.
    """
    try:
        yield
    except TemplateSyntaxError as fault:
        raise error(f"this is no {what}: {fault.message}".rstrip("."), fault.lineno) from None
    except (RecursionError, MemoryError, SyntaxError):  # Python's own, of the code that Jinja wrote
        message = f"this {what} is nested too deep, or one of its expressions is too long"
        raise error(f"{message}. Write it flatter, or in parts", None) from None
    except ValueError as fault:  # a number of too many digits
        raise error(f"this is no {what}: {shortened(str(fault))}".rstrip("."), None) from None


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
        self._work = Work()  # of all renderings
        self._with_marks: Program | None = None
        if template.count("{{") + template.count("{%") > MAX_EXPRESSIONS:
            message = f"more than {MAX_EXPRESSIONS:,} `{{{{` and `{{%`. Write a loop."
            raise self._error(message, None)
        env = environment(self._work)
        with told(self._syntax_error, "template"):
            tree = env.parse(template)
            self._check_alone(tree)
            self.names = frozenset(meta.find_undeclared_variables(tree))
            self._program = Program(env, template)
        # The text of a template that only prints variables is the same for all of their values.
        self._printed = _printed_names(tree)
        self._text: str | None = None

    def begin(self) -> None:
        """Begin a sweep's renderings: what those before did and kept counts no more."""
        self._work.reset()

    def _syntax_error(self, message: str, line: int | None) -> InputError:
        return self._error(f"{message}.", line)

    def _error(self, message: str, line: int | None, name: str = "") -> InputError:
        return input_error(message + self._comment_advice(line, name), self._where(line))

    def _comment_advice(self, line: int | None, name: str) -> str:
        """What to do where that line's braces, those with `name`, stand in a comment."""
        row = self.template.split("\n")[line - 1] if line is not None else ""
        comment = _COMMENT.search(row)
        before = row[: comment.start()] if comment is not None else row
        if comment is None or (("{{" in before or "{%" in before) and (not name or name in before)):
            return ""
        return (
            " It stands in a comment, and a template is filled before YAML's comments are known: "
            "write {# and #} around what is to be ignored."
        )

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
        if self._text is not None:
            found = self._names_alone(variables)
            if found is not None:
                return Rendered(self._text, found)
        text, tokens = self._run(self._program, variables, values)
        if text.count("\n") > MAX_LINES:
            raise self._error(f"the text that it makes has more than {MAX_LINES:,} lines.", None)
        if TRIAL in text or OUT in text:
            text = _number_named(text, tokens)
        elif self._printed is not None:
            self._text = text
        return Rendered(text, tuple(tokens))

    def _names_alone(self, variables: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What a template prints that prints variables alone, None where one is not plain data."""
        assert self._printed is not None
        self._work.begin()
        try:
            return tuple(printed(variables[name], self._work) for name in self._printed)
        except (KeyError, TemplateRuntimeError):
            return None  # to be told by the template

    def _run(
        self, program: Program, variables: Mapping[str, Any], values: Mapping[str, Any]
    ) -> tuple[str, list[Any]]:
        tokens: list[Any] = []
        try:
            return program.run({**variables, TOKENS: tokens})[0], tokens
        except UndefinedError as error:
            raise self._undefined(error, variables, _of(values)) from None
        except RecursionError:
            message = f"a macro or a loop calls itself too often{_of(values)}."
            raise self._error(message, None) from None
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
        return UnknownNameError(str(self._error(message.rstrip(), _line(error), name)))

    def lines(self, variables: Mapping[str, Any], text: str) -> tuple[int, ...]:
        """Return, for each line of the rendered `text`, its line in the file.

        A line that no text of the template's own stands in has the line of the one before.
        """
        if self._with_marks is None:
            self._with_marks = Program(environment(self._work, marks=True), self.template)
        try:
            marked, tokens = self._run(self._with_marks, variables, {})
        except InputError:  # a template that looks at its own text may stumble over the marks
            marked, tokens = text, []
        rows = _number_named(marked, tokens).split("\n")
        if "\n".join(MARK.sub("", row) for row in rows) != text:
            rows = text.split("\n")
        result: list[int] = []
        line = 1
        for row in rows:
            found = MARK.search(row)
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


def _printed_names(tree: nodes.Template) -> tuple[str, ...] | None:
    """The variables that a template prints, in order; None where it does more than that."""
    found: list[str] = []
    for output in tree.body:
        for node in output.nodes if isinstance(output, nodes.Output) else [output]:
            if isinstance(node, nodes.Name):
                found.append(node.name)
            elif not isinstance(node, nodes.TemplateData):
                return None
    return tuple(found)


def _number_named(text: str, tokens: list[Any]) -> str:
    """Turn `trial` and `out` that were printed as text into numbered tokens too."""

    def numbered(found: re.Match[str]) -> str:
        tokens.append(found.group())
        return f"{MARKER}{len(tokens) - 1}__"

    return re.sub(f"{TRIAL}|{OUT}", numbered, text)


def _of(values: Mapping[str, Any]) -> str:
    return f", in the trial {assigned(values)}" if values else ""


def _line(error: BaseException) -> int | None:
    """Return the template's line that raised: Jinja puts it into the traceback."""
    line = None
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line
