"""Spellings that YAML reads otherwise than most people do, told with what to write instead.

YAML 1.1 counts 12:30:45 in base 60 and 010 in base 8, and does no arithmetic: 1/3 is a string. What
stands in quotes is meant as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pylearn2core.config import nodes
from pylearn2core.errors import Where
from pylearn2core.words import shortened
from sweeper.records.errors import InputError
from sweeper.spec.place import Place, input_error, listed, shown
from sweeper.spec.survey import every

_TOLD = 5
_CLOCK = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_OPERAND = r"\(*[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\)*"
_ARITHMETIC = re.compile(rf"{_OPERAND}(?:\s*(?:\*\*|[-+*/^])\s*{_OPERAND})+")
# Python's words for what YAML writes as null, .nan and .inf.
_PYTHONS = frozenset({"None", "nan", "NaN", "inf", "-inf", "Infinity", "-Infinity"})
_SUM = re.compile(r"[\d_.\s+-]*")


def doubts(documents: Iterable[nodes.Node], source: str) -> tuple[str, ...]:
    """Return paragraphs on numbers that are others than they look like, and on strings that are."""
    scalars = [node for node in every(list(documents)) if isinstance(node, nodes.Scalar)]
    numbers = [
        f"{_line(node)}{shortened(node.text or '')} is read as the number {shown(node.value)}"
        for node in scalars
        if is_clock(node) or _is_octal(node)
    ]
    words = [
        f"{_line(node)}{node.text} is read as a string"
        for node in scalars
        if node.text in _PYTHONS and node.value == node.text
    ]
    advice = "In YAML 12:30 is 750 and 010 is 8: write the number that is"
    of_words = "YAML writes null, .nan and .inf: write what is"
    return _paragraphs(source, numbers, advice) + _paragraphs(source, words, of_words)


def _line(node: nodes.Node) -> str:
    return f"line {node.line}: " if node.line else ""


def _paragraphs(source: str, found: list[str], advice: str) -> tuple[str, ...]:
    if not found:
        return ()
    more = f"; and {len(found) - _TOLD:,} more" if len(found) > _TOLD else ""
    told = "; ".join(found[:_TOLD])
    joint = ", " if told.startswith("line ") else ": "
    return (f"{source}{joint}{told}{more}. {advice} meant, or put it in quotes.",)


def is_clock(node: nodes.Scalar) -> bool:
    """Whether a number is written as `12:30:45`."""
    is_number = isinstance(node.value, int | float) and node.text is not None
    return is_number and _CLOCK.fullmatch(node.text or "") is not None


def _is_octal(node: nodes.Scalar) -> bool:
    if not isinstance(node.value, int) or _OCTAL.fullmatch(node.text or "") is None:
        return False
    return int((node.text or "").replace("_", "")) != node.value


def is_arithmetic(node: nodes.Node) -> bool:
    """Whether a string without quotes is written as a calculation, such as `10**-3`."""
    if not isinstance(node, nodes.Scalar) or not isinstance(node.value, str):
        return False
    return node.text is not None and _ARITHMETIC.fullmatch(node.text) is not None


# ------------------------------------------------------------------ axes
def check_values(place: Place) -> None:
    """Raise InputError for clocks among the values at `place`, and for arithmetic among numbers."""
    node = place.node()
    for one in every([node] if node is not None else []):
        if isinstance(one, nodes.Scalar) and is_clock(one):
            raise _error(
                place,
                one.line,
                f"{shortened(one.text or '')} is read as the number {shown(one.value)}, for YAML "
                "counts it in base 60. Put it in quotes for a string, or write the number.",
            )
        if isinstance(one, nodes.Sequence) and any(_is_number(item) for item in one.items):
            _check_numbers(place, one)


def _check_numbers(place: Place, node: nodes.Sequence) -> None:
    found = [item for item in node.items if is_arithmetic(item)]
    if found:
        texts = [str(item.value) for item in found if isinstance(item, nodes.Scalar)]
        what = "a string" if len(texts) == 1 else "strings"
        raise _error(
            place,
            found[0].line,
            f"{listed(texts)} would be {what} among numbers, for YAML does no arithmetic. Write "
            f"the number, or let the template calculate it, as {{{{ 1 / 3 }}}}; in quotes it is "
            "a string.",
        )


def strings_like_numbers(place: Place) -> tuple[str, ...]:
    """Return a paragraph that says which values are strings and look like arithmetic."""
    node = place.node()
    found = [
        f"{_line(one)}{one.value}"
        for one in every([node] if node is not None else [])
        if is_arithmetic(one) and isinstance(one, nodes.Scalar) and not _SUM.fullmatch(one.value)
    ]
    if not found:
        return ()
    advice = "These are strings, for YAML does no arithmetic: write the number that is"
    return _paragraphs(place.source, found, advice)


def _is_number(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Scalar)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    )


def _error(place: Place, line: int, message: str) -> InputError:
    where = place.where()
    return input_error(message, Where(where.source, line or None, where.path))
