"""What one text of an experiment holds, seen in one walk over its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pylearn2core.config import nodes
from sweeper.records import Value

_NAMING = ("obj", "import")
_OTHERS = ("pkl", "float")


@dataclass(frozen=True, slots=True)
class Named:
    """A tag `!obj:a.b.C` or `!import: a.b.C`. name: what it names, of a token or more.

    The name of a tag that there is not is `!TAG`.
    """

    name: nodes.Node
    line: int

    def dotted(self, tokens: Sequence[Value]) -> str:
        """The dotted name, each token's value written in."""
        return str(nodes.fill(self.name, tokens)).removeprefix("obj:").removeprefix("import:")


@dataclass(frozen=True, slots=True)
class Survey:
    """size: how many nodes.    used: the numbers of the tokens that stand in them, in no comment.

    save_paths: the single values of all keys `save_path`.    named: the tags that name something.
    """

    size: int
    used: tuple[int, ...]
    save_paths: tuple[nodes.Node, ...]
    named: tuple[Named, ...]

    @property
    def names_vary(self) -> bool:
        """Whether a name has a token in it, so that trials may name different things."""
        return not all(isinstance(one.name, nodes.Scalar) for one in self.named)


def survey(documents: Sequence[nodes.Node]) -> Survey:
    """Return what the documents hold, each node once however often aliases repeat it."""
    used: set[int] = set()
    paths: list[nodes.Node] = []
    named: list[Named] = []
    count = 0
    for node in every(documents):
        count += 1
        used.update(_tokens(node))
        if isinstance(node, nodes.Tagged):
            named.extend(_named(node))
        elif isinstance(node, nodes.Mapping):
            paths.extend(_save_paths(node))
    return Survey(count, tuple(sorted(used)), tuple(paths), tuple(named))


def every(documents: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield each node once, in the order of the text."""
    seen: set[int] = set()
    left = list(reversed(documents))
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, nodes.Tagged):
            left.append(node.body)
        elif isinstance(node, nodes.Sequence):
            left.extend(reversed(node.items))
        elif isinstance(node, nodes.Mapping):
            left.extend(part for pair in reversed(node.pairs) for part in reversed(pair))


def _tokens(node: nodes.Node) -> Iterator[int]:
    match node:
        case nodes.Token(index=index):
            yield index
        case nodes.Text(parts=parts) | nodes.Tagged(tag=nodes.Text(parts=parts)):
            yield from (part for part in parts if isinstance(part, int))


def _named(node: nodes.Tagged) -> Iterator[Named]:
    tag = node.tag
    if isinstance(tag, nodes.Text):
        yield Named(tag, node.line)
        return
    kind, _, name = tag.partition(":")
    if kind == "obj" or (kind == "import" and name):
        yield Named(nodes.Scalar(name, node.line), node.line)
    elif kind == "import" and isinstance(node.body, nodes.Scalar | nodes.Text | nodes.Token):
        yield Named(node.body, node.line)
    elif kind not in (*_NAMING, *_OTHERS):
        yield Named(nodes.Scalar(f"!{tag}", node.line), node.line)


def _save_paths(node: nodes.Mapping) -> Iterator[nodes.Node]:
    for key, value in node.pairs:
        is_path = isinstance(key, nodes.Scalar) and key.value == "save_path"
        if is_path and isinstance(value, nodes.Scalar | nodes.Token | nodes.Text):
            yield value
