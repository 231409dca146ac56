"""A DataFrame as text: aligned for a terminal, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pandas as pd

from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "sweeper.formats"  # of entry points
WIDTH = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 40  # of a cell in a table for a terminal


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a table.

    write: a DataFrame to text without a newline at its end.
    is_for_reading: a person reads it: columns have short heads and few digits.
    """

    write: Callable[[pd.DataFrame], str]
    is_for_reading: bool = False


def render(table: pd.DataFrame, format: str = "table") -> str:
    """The table as text, without a newline at its end.

    format: "table" (aligned, numbers to 6 digits, in blocks of at most 100 columns), "md" (the
    same as Markdown), "csv" and "json" (every digit; a list of objects, in which NaN and infinity
    are strings), or one that another package registers. pd.NA is an empty cell, in JSON null.
    Raises InputError.
    """
    return find_format(format).write(table)


def find_format(name: str) -> Format:
    """The format of this name: ours, or an entry point of `sweeper.formats`. Raises InputError."""
    if name in FORMATS:
        return FORMATS[name]
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name in others:
        found: Format = others[name].load()
        return found
    names = [*FORMATS, *others]
    meant = did_you_mean(name, names, "end")
    raise InputError(f"--format {name}: unknown{meant} Expected one of {', '.join(names)}.")


def cell(value: Any) -> str:
    """A value in full: floats with every digit, null, true, lists and maps as JSON."""
    if value is pd.NA:
        return ""
    if value is None or isinstance(value, (bool, list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return repr(value) if isinstance(value, float) else str(value)


def _short(value: Any) -> str:
    """A value for reading: floats to 6 significant digits, one printable line."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = _line(cell(value))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _line(text: str) -> str:
    """The text as one printable line."""
    return printable(text.replace("\n", "\\n").replace("\t", "\\t"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _columns(table: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    """Names and values, numpy's scalars as Python's."""
    return [(str(name), table[name].tolist()) for name in table.columns]


def _plain(table: pd.DataFrame) -> str:
    columns = [_aligned(name, values) for name, values in _columns(table)]
    if not columns:
        return ""
    blocks = ["\n".join("  ".join(line).rstrip() for line in zip(*block, strict=True))
              for block in _blocks(columns)]  # fmt: skip
    return "\n\n".join(blocks)


def _aligned(name: str, values: Sequence[Any]) -> list[str]:
    """A column's lines, head first, all of one width; numbers to the right."""
    cells = [_line(name), *map(_short, values)]
    width = max(map(len, cells))
    right = any(map(_is_number, values))
    return [text.rjust(width) if right else text.ljust(width) for text in cells]


def _blocks(columns: Sequence[list[str]]) -> list[list[list[str]]]:
    """Columns that fit side by side; each further block begins with the first column again."""
    first, *rest = columns
    blocks, width = [[first]], len(first[0])
    for column in rest:
        if width + 2 + len(column[0]) > WIDTH and len(blocks[-1]) > 1:
            blocks.append([first])
            width = len(first[0])
        blocks[-1].append(column)
        width += 2 + len(column[0])
    return blocks


def _markdown(table: pd.DataFrame) -> str:
    columns = _columns(table)
    rule = ["---:" if any(map(_is_number, values)) else "---" for _, values in columns]
    lines = [[_piped(_line(name)) for name, _ in columns], rule]
    lines += [list(line) for line in zip(*([_piped(_short(v)) for v in values]
              for _, values in columns), strict=True)]  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _piped(text: str) -> str:
    return text.replace("|", "\\|")


def _csv(table: pd.DataFrame) -> str:
    columns = _columns(table)
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([_inert(name) for name, _ in columns])
    writer.writerows(zip(*(map(_csv_cell, values) for _, values in columns), strict=True))
    return target.getvalue().removesuffix("\n")


def _csv_cell(value: Any) -> str:
    return _inert(value) if isinstance(value, str) else cell(value)


def _inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula: it would run what a stranger named.

    Source: OWASP, CSV Injection. What is a number stays one.
    """
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _json(table: pd.DataFrame) -> str:
    columns = _columns(table)
    names = [name for name, _ in columns]
    lines = zip(*(map(_jsonable, values) for _, values in columns), strict=True)
    objects = [json.dumps(dict(zip(names, line, strict=True)), default=str) for line in lines]
    return "[\n" + ",\n".join(objects) + "\n]" if objects else "[]"


def _jsonable(value: Any) -> Any:
    if value is pd.NA:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    return value


FORMATS = {
    "table": Format(_plain, is_for_reading=True),
    "md": Format(_markdown, is_for_reading=True),
    "csv": Format(_csv),
    "json": Format(_json),
}
