"""A tree of nodes back to YAML text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pylearn2core.config import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEPT = 1000
# A tree's id -> the tree, which so keeps its id, and its pattern
_patterns: dict[int, tuple[nodes.Node, list[str | nodes.Node]]] = {}


def tag_of(node: nodes.Tagged, tokens: Sequence[Any]) -> str:
    """The tag without `!`, each token's value written in."""
    return node.tag if isinstance(node.tag, str) else str(nodes.fill(node.tag, tokens))


def yaml_text(node: nodes.Node, tokens: Sequence[Any] = ()) -> str:
    """One line of YAML that describes what `node` does, each token's value written in.

    What stands several times in the tree is written once, with an anchor inside this text; no
    alias leads outside it. `${NAME}` stays as it is.
    """
    return "".join(
        part if isinstance(part, str) else _filled(part, tokens) for part in _pattern(node)
    )


def _filled(part: nodes.Node, tokens: Sequence[Any]) -> str:
    if isinstance(part, nodes.Tagged):
        return tag_of(part, tokens)
    return nodes.flow(nodes.fill(part, tokens))


def _pattern(node: nodes.Node) -> list[str | nodes.Node]:
    """The text's parts: text, and nodes with tokens (of a Tagged one, its tag) in their places.

    A sweep writes the text of the same few trees for every trial: it is worked out once a tree.
    """
    known = _patterns.get(id(node))
    if known is None:
        seen = Counter(_shareable(node))
        shared = {key: f"a{i}" for i, (key, times) in enumerate(seen.items()) if times > 1}
        parts: list[str | nodes.Node] = []
        for part in _write(node, shared, set()):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
        if len(_patterns) >= _KEPT:
            _patterns.clear()
        known = _patterns[id(node)] = node, parts
    return known[1]


def _shareable(node: nodes.Node) -> Iterator[int]:
    """The id of each list, map and tagged node of the tree, once per place it stands in."""
    seen: set[int] = set()
    waiting: list[nodes.Node] = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Scalar | nodes.Token | nodes.Text):
            continue
        yield id(node)
        if id(node) not in seen:
            seen.add(id(node))
            waiting.extend(_children(node))


def _children(node: nodes.Node) -> Iterator[nodes.Node]:
    match node:
        case nodes.Tagged():
            yield node.body
        case nodes.Sequence():
            yield from node.items
        case nodes.Mapping():
            for pair in node.pairs:
                yield from pair


def _write(
    node: nodes.Node, shared: dict[int, str], written: set[int]
) -> Iterator[str | nodes.Node]:
    anchor = shared.get(id(node))
    if anchor is not None:
        if id(node) in written:
            yield f"*{anchor} "  # the space keeps a comma or colon out of the name
            return
        written.add(id(node))
        yield f"&{anchor} "
    match node:
        case nodes.Tagged():
            yield "!"
            yield node.tag if isinstance(node.tag, str) else node
            yield " "
            empty = isinstance(node.body, nodes.Scalar) and node.body.value is None
            yield from ["''"] if empty else _write(node.body, shared, written)
        case nodes.Sequence():
            yield "["
            for item in node.items:
                yield from _write(item, shared, written)
                yield ", "
            yield "]"
        case nodes.Mapping():
            yield "{"
            for key, value in node.pairs:
                yield from _write(key, shared, written)
                yield ": "
                yield from _write(value, shared, written)
                yield ", "
            yield "}"
        case nodes.Scalar():
            yield nodes.flow(node.value)
        case _:
            yield node
