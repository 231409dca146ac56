"""Text to a tree of nodes: syntax, anchors, tags and merge keys, and errors that name the line."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from typing import Any

import yaml
from yaml import events as ev

from pylearn2core.config.nodes.limits import MAX_DEPTH, MAX_NODES, MAX_TEXT
from pylearn2core.config.nodes.scalars import (
    LOADER,
    MARKER,
    STANDARD,
    TOKEN,
    plain_scalar,
    split,
    tagged_scalar,
)
from pylearn2core.config.nodes.tree import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Tagged,
    Text,
    Token,
    join_path,
    key_identity,
    key_name,
)
from pylearn2core.errors import ConfigError, Where
from pylearn2core.words import did_you_mean, shortened

_TOO_DEEP = f"nested more than {MAX_DEPTH} deep. Write it flatter."


def parse(
    text: str, *, source: str | None = None, lines: SequenceOf[int] | None = None
) -> list[Node]:
    """Return one node per YAML document of `text`.

    source: the file, for errors.    lines: for each line of `text`, the user's own line.
    Raises ConfigError for a syntax error, a duplicate key, an alias that leads nowhere or to
    itself, a tag of YAML's own that has no plain value, and for more than `limits` allow.
    """
    if len(text) > MAX_TEXT:
        message = f"{len(text):,} characters: at most {MAX_TEXT:,} are read."
        raise ConfigError(message, Where(source))
    reader = _Reader(text, source, lines)
    try:
        return list(reader.documents())
    except yaml.MarkedYAMLError as error:
        found = _read_by_pyyaml(text, source, lines, error)
        if found is None:
            raise reader.syntax_error(error) from None
        return found
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise reader.bad_character(error) from None


def _read_by_pyyaml(
    text: str, source: str | None, lines: SequenceOf[int] | None, error: yaml.MarkedYAMLError
) -> list[Node] | None:
    """The documents as PyYAML's own parser reads them; None where it refuses them as well.

    libyaml stops at `{costs :[a]}`, which Pylearn2 read, and many public files write.
    """
    if LOADER is yaml.SafeLoader or "nesting depth" in str(error.problem):
        return None
    reader = _Reader(text, source, lines, loader=yaml.SafeLoader)
    try:
        return list(reader.documents())
    except yaml.YAMLError:
        return None


class _Reader:
    """Builds the tree from the parser's events, so that quoting, tags and lines are all known."""

    def __init__(
        self,
        text: str,
        source: str | None,
        lines: SequenceOf[int] | None,
        loader: Any = LOADER,
    ) -> None:
        self.text = text
        self.loader = loader
        self.source = source
        self.lines = lines
        self.path: list[str | int] = []
        self.anchors: dict[str, Node | None] = {}
        # Nodes so far, each alias's too; how many levels the last node has below itself.
        self.nodes = self.height = 0
        self.sizes: dict[str, tuple[int, int]] = {}  # both, of each anchor's node

    # -- errors
    def error(self, message: str, line: int) -> ConfigError:
        path = shortened(join_path(self.path), 200)
        return ConfigError(message, Where(self.source, line, path or None))

    def line(self, index: int) -> int:
        if not self.lines:
            return index + 1
        return self.lines[min(index, len(self.lines) - 1)]

    def syntax_error(self, error: yaml.MarkedYAMLError) -> ConfigError:
        mark = error.problem_mark or error.context_mark
        # Where the text ends too early, the mark is past its last line.
        last = self.text.rstrip().count("\n")
        line = self.line(min(mark.line, last)) if mark else None
        hint = self.bad_start(mark) if mark else ""
        if hint:
            return ConfigError(f"this is no YAML: {hint}", Where(self.source, line))
        if "nesting depth" in str(error.problem):  # the parser's own limit, met on its way ahead
            return ConfigError(_TOO_DEEP, Where(self.source, line))
        begin = error.context_mark
        since = f" {error.context}" if error.context else ""
        if since and begin and mark and begin.line != mark.line:
            since += f" that starts in line {self.line(begin.line)}"
        message = (
            f"this is no YAML:{since}{':' if since else ''} {error.problem}. "
            "Look for a missing comma, bracket, quote or space after a colon, here or just above."
        )
        return ConfigError(message, Where(self.source, line))

    def bad_start(self, mark: Any) -> str:
        """What a tab, or a character that YAML keeps for itself, does at `mark`; or nothing."""
        row = self.text.split("\n")[mark.line] if mark.line <= self.text.count("\n") else ""
        at = row[mark.column : mark.column + 1]
        if at == "\t" or "\t" in row[: len(row) - len(row.lstrip())]:
            return "a tab stands here, and YAML is indented by spaces. Write spaces for each tab."
        if at in {"%", "@", "`"}:
            return f"no value starts with {at!r}. Put the value in quotes."
        return ""

    def bad_character(self, error: Exception) -> ConfigError:
        found = yaml.reader.Reader.NON_PRINTABLE.search(self.text)
        line = self.line(self.text.count("\n", 0, found.start())) if found else None
        what = f"the character {found.group()!r}" if found else str(error)
        return ConfigError(f"{what} can't stand in YAML. Remove it.", Where(self.source, line))

    # -- nodes
    def documents(self) -> Iterator[Node]:
        loader = self.loader(self.text)
        try:
            self.next: Any = loader.get_event
            while not isinstance(event := self.next(), ev.StreamEndEvent):
                if isinstance(event, ev.DocumentStartEvent):
                    self.anchors, self.sizes = {}, {}
                    yield self.node(self.next())
        finally:
            loader.dispose()

    def node(self, event: Any) -> Node:
        line = self.line(event.start_mark.line)
        if isinstance(event, ev.AliasEvent):
            return self.alias(str(event.anchor), line)
        name = event.anchor
        before, self.height = self.nodes, 0
        self.grow(1, line)
        if name is not None:
            self.check_anchor(name, line)
            self.anchors[name] = None
        node = self.tagged(event, line)
        if name is not None:
            self.anchors[name] = node
            self.sizes[name] = self.nodes - before, self.height
        return node

    def grow(self, nodes: int, line: int) -> None:
        """Count `nodes` more, the last of which has `height` levels below it."""
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.error(
                f"more than {MAX_NODES:,} values, those that aliases repeat counted each time. "
                "Write fewer.",
                line,
            )
        if len(self.path) + self.height > MAX_DEPTH:
            raise self.error(_TOO_DEEP, line)

    def check_anchor(self, name: str, line: int) -> None:
        if MARKER in name:
            raise self.error(
                "a value can't be part of an anchor's or an alias's name. "
                "Print it as text: `{{ i | safe }}`.",
                line,
            )
        if name in self.anchors:
            shown = shortened(name)
            raise self.error(f"the anchor &{shown} is set twice. Rename one of the two.", line)

    def alias(self, name: str, line: int) -> Node:
        if name not in self.anchors:
            if MARKER in name:
                self.check_anchor(name, line)
            shown = shortened(name)
            raise self.error(
                f"no anchor &{shown} stands above the alias *{shown}"
                f"{did_you_mean(name, self.anchors)}.",
                line,
            )
        node = self.anchors[name]
        if node is None:
            message = f"the alias *{shortened(name)} stands inside its own anchor."
            raise self.error(message, line)
        nodes, self.height = self.sizes[name]
        self.grow(nodes, line)
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
                message = f"the tag !!{shortened(kind)} is not supported. Remove it."
                raise self.error(message, line)
            return self.collection(event, line)
        if kind in {"", "!", "str"}:
            quoted = bool(event.style) or kind != ""
            return self.scalar(event.value, quoted=quoted, whole=not quoted, line=line)
        if MARKER in event.value:
            message = f"the tag !!{shortened(kind)} is not supported here. Remove it."
            raise self.error(message, line)
        try:
            return Scalar(tagged_scalar(kind, event.value), line)
        except ConfigError as error:
            raise self.error(error.message, line) from None
        except (ValueError, KeyError, yaml.YAMLError):
            value = shortened(repr(event.value))
            message = f"{value} is no value for the tag !!{shortened(kind)}."
            raise self.error(message, line) from None

    def scalar(self, text: str, *, quoted: bool, whole: bool, line: int) -> Node:
        """quoted: it is a string, whatever it looks like.    whole: it may be a typed token."""
        if MARKER not in text:
            return Scalar(text, line) if quoted else self.plain(text, line)
        if whole and (found := TOKEN.fullmatch(text)):
            return Token(int(found[1]), line)
        return Text(split(text), not quoted, line)

    def plain(self, text: str, line: int) -> Scalar:
        try:
            return Scalar(plain_scalar(text), line, text)
        except ConfigError as error:
            raise self.error(error.message, line) from None

    def collection(self, event: Any, line: int) -> Node:
        if isinstance(event, ev.SequenceStartEvent):
            return self.sequence(line)
        return self.mapping(line)

    def sequence(self, line: int) -> Sequence:
        items: list[Node] = []
        height = 0
        while not isinstance(event := self.next(), ev.SequenceEndEvent):
            self.path.append(len(items))
            items.append(self.node(event))
            self.path.pop()
            height = max(height, self.height + 1)
        self.height = height
        return Sequence(tuple(items), line)

    def mapping(self, line: int) -> Mapping:
        own: dict[Any, tuple[Node, Node]] = {}
        merged: dict[Any, tuple[Node, Node]] = {}
        height = 0
        while not isinstance(event := self.next(), ev.MappingEndEvent):
            key_line = self.line(event.start_mark.line)
            is_merge = getattr(event, "value", "") == "<<" and event.implicit[0]
            self.path.append("?")
            key = self.node(event)
            key_height = self.height
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
            height = max(height, key_height + 1, self.height + 1)
        self.height = height
        return Mapping(tuple({**merged, **own}.values()), line)

    def merge_pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        for item in node.items if isinstance(node, Sequence) else (node,):
            body = item.body if isinstance(item, Tagged) else item
            if not isinstance(body, Mapping):
                raise self.error("`<<` merges maps, and this is none.", node.line)
            yield from body.pairs
