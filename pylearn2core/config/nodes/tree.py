"""The nodes of a YAML document, each with its line, and the names of their keys."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A value that stands in the text. Under a tag it is the string as written (None if empty).

    text: a plain scalar as it is written, None for any other.
    """

    value: Any
    line: int
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A plain scalar that is one whole token: the value number `index`, typed."""

    index: int
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A scalar with tokens in it: strings, and numbers of values. plain: read by YAML's rules."""

    parts: tuple[str | int, ...]
    plain: bool
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A map, in the order of the text; merge keys (`<<`) are merged already."""

    pairs: tuple[tuple[Node, Node], ...]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """A node with a tag of its own. tag: without `!`: `obj:pylearn2.train.Train`, `pkl:`."""

    tag: str | Text
    body: Node
    line: int


Node: TypeAlias = Scalar | Token | Text | Sequence | Mapping | Tagged


def key_identity(key: Node) -> Any:
    """What two keys of one map must not share."""
    match key:
        case Scalar(value=value):
            return value
        case Token(index=index):
            return Token, index
        case Text(parts=parts):
            return Text, parts
    return id(key)


def key_name(key: Node) -> str:
    """A key as a part of a key path."""
    return str(key.value) if isinstance(key, Scalar) else "?"


def join_path(path: SequenceOf[str | int]) -> str:
    """Write a key path as `model.layers[0].dim`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")
