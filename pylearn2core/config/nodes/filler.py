"""A tree and the values of its tokens to plain Python data."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from typing import Any

from pylearn2core.config.nodes.scalars import MARKER, OUT, TRIAL, plain_scalar, text_of
from pylearn2core.config.nodes.tree import Mapping, Node, Scalar, Sequence, Tagged, Text, Token
from pylearn2core.errors import ConfigError, Where


def value_of(node: Node, tokens: SequenceOf[Any] = (), *, source: str | None = None) -> Any:
    """Return the plain Python data that `node` stands for.

    Raises ConfigError for a tag, a key that can't be one, and a key that stands twice once the
    tokens are filled in.
    """
    match node:
        case Sequence():
            return [value_of(item, tokens, source=source) for item in node.items]
        case Mapping():
            return _dict_of(node, tokens, source)
        case Tagged():
            tag = fill(node.tag, tokens) if isinstance(node.tag, Text) else node.tag
            message = f"the tag !{tag} can't stand here: plain values are expected."
            raise ConfigError(message, Where(source, node.line))
    return fill(node, tokens, source=source)


def _dict_of(node: Mapping, tokens: SequenceOf[Any], source: str | None) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.pairs:
        key = value_of(key_node, tokens, source=source)
        if isinstance(key, list | dict):
            message = f"{key!r} can't be a key. Put a value that starts with {{ or [ in quotes."
            raise ConfigError(message, Where(source, key_node.line))
        if key in result:
            raise ConfigError(
                f"the key {key!r} stands twice in one map.", Where(source, key_node.line)
            )
        result[key] = value_of(value_node, tokens, source=source)
    return result


def fill(node: Node, tokens: SequenceOf[Any] = (), *, source: str | None = None) -> Any:
    """Return the value of a Scalar, a Token or a Text, its tokens filled in."""
    try:
        match node:
            case Scalar():
                return node.value
            case Token():
                return tokens[node.index]
            case Text():
                text = "".join(
                    part if isinstance(part, str) else text_of(tokens[part]) for part in node.parts
                )
                return plain_scalar(text) if node.plain else text
    except IndexError:
        message = f"{MARKER}…__ is a mark that only a sweep writes, and no value was given for it."
        raise ConfigError(message, Where(source, node.line)) from None
    raise TypeError(f"a {type(node).__name__} is no single value")


def bind(tokens: SequenceOf[Any], *, trial: str, out: str) -> tuple[Any, ...]:
    """Return `tokens` with the trial's id and folder put in where string values name them."""

    def bound(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(TRIAL, trial).replace(OUT, out) if MARKER in value else value
        if isinstance(value, list | tuple):
            return [bound(item) for item in value]
        if isinstance(value, MappingOf):
            return {bound(key): bound(item) for key, item in value.items()}
        return value

    return tuple(bound(value) for value in tokens)
