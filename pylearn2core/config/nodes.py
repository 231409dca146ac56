"""YAML text to a small frozen tree of nodes, each with the line where it stands.

Plain data only: nothing here imports what a tag names. The text may hold *tokens*,
`__sweep_token_0__`: a sweep's renderer prints one for each value of a trial, so that trials of one
shape share one text and one tree, and `fill` puts the values in.

- A plain scalar that is one whole token stands for the value as it is, with its type.
- A token inside a longer plain scalar becomes its text; then YAML's rules read the scalar.
- A token in a quoted scalar, or in a tagged one, becomes its text, and the scalar stays a string.

An alias gives the very node of its anchor. Nodes are equal only if they are the same object.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml import events as ev
from yaml import tokens as tk

from pylearn2core.config.scalars import (
    MARKER,
    OUT,
    STANDARD,
    TOKEN,
    TRIAL,
    flow,
    plain_scalar,
    tagged_scalar,
    text_of,
)
from pylearn2core.errors import ConfigError, Where
from pylearn2core.words import did_you_mean

__all__ = [
    "MARKER",
    "OUT",
    "TOKEN",
    "TRIAL",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Tagged",
    "Text",
    "Token",
    "bind",
    "fill",
    "flow",
    "join_path",
    "parse",
    "plain_scalar",
    "resolve",
    "text_of",
    "value_of",
]

MAX_DEPTH = 100
# libyaml's parser where PyYAML was built with it: five times as fast, the same events.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# ------------------------------------------------------------------ the tree
@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A value that stands in the text. Under a tag it is the string as written (None if empty)."""

    value: Any
    line: int


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


# ------------------------------------------------------------------ text to tree
def parse(
    text: str, *, source: str | None = None, lines: SequenceOf[int] | None = None
) -> list[Node]:
    """Return one node per YAML document of `text`.

    source: the file, for errors.    lines: for each line of `text`, the user's own line.
    Raises ConfigError for a syntax error, a duplicate key, an alias that leads nowhere or to
    itself, a tag of YAML's own that has no plain value.
    """
    reader = _Reader(text, source, lines)
    try:
        return list(reader.documents())
    except yaml.MarkedYAMLError as error:
        raise reader.syntax_error(error) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise reader.bad_character(error) from None


class _Reader:
    """Builds the tree from the parser's events, so that quoting, tags and lines are all known."""

    def __init__(self, text: str, source: str | None, lines: SequenceOf[int] | None) -> None:
        self.text = text
        self.source = source
        self.lines = lines
        self.path: list[str | int] = []
        self.anchors: dict[str, Node | None] = {}

    # -- errors
    def error(self, message: str, line: int) -> ConfigError:
        return ConfigError(message, Where(self.source, line, join_path(self.path) or None))

    def line(self, index: int) -> int:
        if not self.lines:
            return index + 1
        return self.lines[min(index, len(self.lines) - 1)]

    def syntax_error(self, error: yaml.MarkedYAMLError) -> ConfigError:
        mark = error.problem_mark or error.context_mark
        # Where the text ends too early, the mark is past its last line.
        last = self.text.rstrip().count("\n")
        line = self.line(min(mark.line, last)) if mark else None
        begin = error.context_mark
        since = f" {error.context}" if error.context else ""
        if since and begin and mark and begin.line != mark.line:
            since += f" that starts in line {self.line(begin.line)}"
        message = (
            f"this is no YAML:{since}{':' if since else ''} {error.problem}. "
            "Look for a missing comma, bracket, quote or space after a colon, here or just above."
        )
        return ConfigError(message, Where(self.source, line))

    def bad_character(self, error: Exception) -> ConfigError:
        found = yaml.reader.Reader.NON_PRINTABLE.search(self.text)
        line = self.line(self.text.count("\n", 0, found.start())) if found else None
        what = f"the character {found.group()!r}" if found else str(error)
        return ConfigError(f"{what} can't stand in YAML. Remove it.", Where(self.source, line))

    # -- nodes
    def documents(self) -> Iterator[Node]:
        loader = _Loader(self.text)
        try:
            self.next: Any = loader.get_event
            while not isinstance(event := self.next(), ev.StreamEndEvent):
                if isinstance(event, ev.DocumentStartEvent):
                    self.anchors = {}
                    yield self.node(self.next())
        finally:
            loader.dispose()

    def node(self, event: Any) -> Node:
        line = self.line(event.start_mark.line)
        if isinstance(event, ev.AliasEvent):
            return self.alias(str(event.anchor), line)
        if len(self.path) > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} deep. Write it flatter.", line)
        name = event.anchor
        if name is not None:
            self.check_anchor(name, line)
            self.anchors[name] = None
        node = self.tagged(event, line)
        if name is not None:
            self.anchors[name] = node
        return node

    def check_anchor(self, name: str, line: int) -> None:
        if MARKER in name:
            raise self.error(
                "a value can't be part of an anchor's or an alias's name. "
                "Print it as text: `{{ i | safe }}`.",
                line,
            )
        if name in self.anchors:
            raise self.error(f"the anchor &{name} is set twice. Rename one of the two.", line)

    def alias(self, name: str, line: int) -> Node:
        if name not in self.anchors:
            if MARKER in name:
                self.check_anchor(name, line)
            raise self.error(
                f"no anchor &{name} stands above the alias *{name}"
                f"{did_you_mean(name, self.anchors)}.",
                line,
            )
        node = self.anchors[name]
        if node is None:
            raise self.error(f"the alias *{name} stands inside its own anchor.", line)
        return node

    def tagged(self, event: Any, line: int) -> Node:
        tag = event.tag
        if tag is None or tag == "!" or tag.startswith(STANDARD):
            return self.untagged(event, line)
        body: Node
        if isinstance(event, ev.ScalarEvent):
            body = self.scalar(event.value, quoted=True, whole=not event.style, line=line)
            if not event.style and event.value == "":
                body = Scalar(None, line)
        else:
            body = self.collection(event, line)
        name = tag.removeprefix("!")
        return Tagged(Text(split(name), True, line) if TOKEN.search(name) else name, body, line)

    def untagged(self, event: Any, line: int) -> Node:
        kind = (event.tag or "").removeprefix(STANDARD)
        if not isinstance(event, ev.ScalarEvent):
            if kind not in {"", "!", "seq" if isinstance(event, ev.SequenceStartEvent) else "map"}:
                raise self.error(f"the tag !!{kind} is not supported. Remove it.", line)
            return self.collection(event, line)
        if kind in {"", "!", "str"}:
            quoted = bool(event.style) or kind != ""
            return self.scalar(event.value, quoted=quoted, whole=not quoted, line=line)
        if MARKER in event.value:
            raise self.error(f"the tag !!{kind} is not supported here. Remove it.", line)
        try:
            return Scalar(tagged_scalar(kind, event.value), line)
        except (ValueError, KeyError, yaml.YAMLError):
            raise self.error(f"{event.value!r} is no value for the tag !!{kind}.", line) from None

    def scalar(self, text: str, *, quoted: bool, whole: bool, line: int) -> Node:
        """quoted: it is a string, whatever it looks like.    whole: it may be a typed token."""
        if MARKER not in text:
            return Scalar(text if quoted else plain_scalar(text), line)
        if whole and (found := TOKEN.fullmatch(text)):
            return Token(int(found[1]), line)
        return Text(split(text), not quoted, line)

    def collection(self, event: Any, line: int) -> Node:
        if isinstance(event, ev.SequenceStartEvent):
            return self.sequence(line)
        return self.mapping(line)

    def sequence(self, line: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self.next(), ev.SequenceEndEvent):
            self.path.append(len(items))
            items.append(self.node(event))
            self.path.pop()
        return Sequence(tuple(items), line)

    def mapping(self, line: int) -> Mapping:
        own: dict[Any, tuple[Node, Node]] = {}
        merged: dict[Any, tuple[Node, Node]] = {}
        while not isinstance(event := self.next(), ev.MappingEndEvent):
            key_line = self.line(event.start_mark.line)
            is_merge = getattr(event, "value", "") == "<<" and event.implicit[0]
            self.path.append("?")
            key = self.node(event)
            self.path[-1] = key_name(key)
            identity = key_identity(key)
            if identity in own:
                first = own[identity][0].line
                raise self.error(
                    f"this key stands twice in one map, first in line {first}. Remove one.",
                    key_line,
                )
            value = self.node(self.next())
            if is_merge:
                for pair in self.merge_pairs(value):
                    merged.setdefault(key_identity(pair[0]), pair)
            else:
                own[identity] = (key, value)
            self.path.pop()
        return Mapping(tuple({**merged, **own}.values()), line)

    def merge_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        for item in node.items if isinstance(node, Sequence) else (node,):
            body = item.body if isinstance(item, Tagged) else item
            if not isinstance(body, Mapping):
                raise self.error("`<<` merges maps, and this is none.", node.line)
            yield from body.pairs


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


def split(text: str) -> tuple[str | int, ...]:
    """Cut a string at its tokens: `a__sweep_token_3__` gives ("a", 3)."""
    pieces = TOKEN.split(text)
    parts = (int(piece) if i % 2 else piece for i, piece in enumerate(pieces))
    return tuple(part for part in parts if part != "")


# ------------------------------------------------------------------ tree to values
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


# ------------------------------------------------------------------ values to text
def resolve(text: str, tokens: SequenceOf[Any], *, trial: str, out: str) -> str:
    """Return `text` with every token written in, as YAML that any YAML 1.1 reader reads back equal.

    trial, out: for the two named tokens inside string values.
    """
    values = bind(tokens, trial=trial, out=out)
    pieces: list[str] = []
    done, tagged = 0, False
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, tk.ScalarToken) and MARKER in token.value:
            begin, end = token.start_mark.index, token.end_mark.index
            pieces.append(_fill_comments(text[done:begin], values))
            pieces.append(_written(token, values, tagged))
            # A block scalar's end is the start of the next line.
            pieces.append("\n" if text[begin:end].endswith("\n") else "")
            done = end
        elif isinstance(token, tk.TagToken):
            begin, end = token.start_mark.index, token.end_mark.index
            pieces.append(_fill_comments(text[done:begin], values))
            pieces.append(_fill_tag(text[begin:end], values))
            done = end
        # `!tag &anchor value`: an anchor between the two changes nothing.
        tagged = isinstance(token, tk.TagToken) or (tagged and isinstance(token, tk.AnchorToken))
    return "".join(pieces) + _fill_comments(text[done:], values)


def _written(token: Any, values: SequenceOf[Any], tagged: bool) -> str:
    plain = not token.style
    if plain and (found := TOKEN.fullmatch(token.value)):
        return flow(values[int(found[1])])
    return flow(fill(Text(split(token.value), plain and not tagged, 0), values))


def _fill_tag(text: str, values: SequenceOf[Any]) -> str:
    return TOKEN.sub(lambda found: text_of(values[int(found[1])]), text)


def _fill_comments(text: str, values: SequenceOf[Any]) -> str:
    """Fill what stands between YAML's tokens: comments. `flow` has no line break to end them."""
    return TOKEN.sub(lambda found: flow(values[int(found[1])]), text) if MARKER in text else text
