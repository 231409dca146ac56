"""`-D name=value`: values of the command line, typed as YAML types them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError
from sweeper.records import Value
from sweeper.records.errors import InputError
from sweeper.spec.axes import fault_of_name
from sweeper.spec.doubts import check_values, doubts
from sweeper.spec.place import Place, checked_value

_NO_LINE = (0,)


def read_defines(defines: Mapping[str, str]) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the variables, typed, and paragraphs on what may be meant otherwise.

    A list, a map and text in quotes are what YAML makes of them; a date stays text.
    Raises InputError for a name that no variable can have, and for a value that is no YAML.
    """
    variables: dict[str, Value] = {}
    notices: list[str] = []
    for name, text in defines.items():
        fault = fault_of_name(name)
        if fault:
            raise InputError(f"-D {name}: no variable can be named so: {fault}. Rename it.")
        if nodes.MARKER in text:
            raise InputError(f"-D {name}: {nodes.MARKER!r} can't stand in a value.")
        place = _read(name, text)
        variables[name] = checked_value(place, finite=False)
        check_values(place)
        notices += doubts([place.root], place.source)
    return variables, tuple(notices)


def _read(name: str, text: str) -> Place:
    source = f"-D {name}"
    try:
        node = _node(text)
        return Place(source, node, nodes.value_of(node))
    except ConfigError as error:
        quoted = f"For a string, put it in quotes that the shell leaves: -D {name}='\"...\"'."
        raise InputError(f"{source}: {error.message} {quoted}") from None


def _node(text: str) -> nodes.Node:
    start = text.strip()[:1]
    if start and start in "[{":
        (node,) = nodes.parse(text, lines=_NO_LINE)
        return node
    if start and start in "'\"" and (quoted := _quoted(text)) is not None:
        return quoted
    value: Any = nodes.plain_scalar(text)
    is_plain = value is None or isinstance(value, bool | int | float)
    return nodes.Scalar(value if is_plain else text, 0, text)


def _quoted(text: str) -> nodes.Node | None:
    """The string in quotes that all of `text` is, or None."""
    try:
        found = nodes.parse(text, lines=_NO_LINE)
    except ConfigError:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], nodes.Scalar) else None
