"""Check an experiment and say what it would build, building nothing: `yaml_dryrun.py FILE.yaml`.

The modules that it names are imported, arguments are held against what each class takes, and files
after `!pkl:` and `${NAME}`s are looked for. All mistakes are told, not just the first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pylearn2core import paths
from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError, Where
from pylearn2core.scripts import saved

_Path = tuple[str | int, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit code: 0, or 2 where the file has a mistake."""
    parser = argparse.ArgumentParser(
        prog="yaml_dryrun.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("yaml_file", metavar="FILE.yaml", help="the experiment")
    add("-N", "--no-instantiate", action="store_true", help="look at the YAML alone: no imports")
    options = parser.parse_args(argv)
    return saved.report(lambda: check(options.yaml_file, parse_only=options.no_instantiate))


def check(path: str, *, parse_only: bool = False) -> None:
    """Print what the file at `path` would build. Raises ConfigError for what is wrong in it."""
    file = Path(path).expanduser().absolute()
    try:
        documents = nodes.parse(file.read_text(encoding="utf-8"), source=path)
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"can't read this YAML file: {err}", Where(path)) from err
    if not documents:
        raise ConfigError("the YAML is empty; it should describe an experiment.", Where(path))
    if parse_only:
        print(f"{path}: the YAML is sound; what it names was not looked at.")
        return
    saved.make_importable(file.parent)
    from pylearn2core.utils.serial import train_places

    walk = _Walk(path)
    with paths.use(train_places(file, {})):
        for document in documents:
            print("\n".join(walk.lines(document)))
    if walk.errors:
        raise ConfigError("\n".join(map(str, walk.errors)))
    print(f"{path}: would build {walk.objects} objects; nothing was built.")


@dataclass(slots=True)
class _Walk:
    """Goes through trees, counts what would be built and gathers what is wrong."""

    source: str
    objects: int = 0
    errors: list[ConfigError] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def lines(self, node: nodes.Node, path: _Path = (), depth: int = 0) -> Iterator[str]:
        """A line for each tagged node below `node`, indented as it is nested; an alias's once."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        try:
            told = self._told(node)
        except ConfigError as err:
            where = Where(self.source, node.line, nodes.join_path(path) or None)
            self.errors.append(ConfigError(err.message, where))
            told = "?"
        if told:
            place = f"{nodes.join_path(path)}: " if path else ""
            yield f"{'    ' * depth}{place}{told}"
        for key, child in _children(node):
            yield from self.lines(child, (*path, *key), depth + bool(told))

    def _told(self, node: nodes.Node) -> str:
        """What a node would become; "" for plain data. Raises ConfigError for a mistake."""
        from pylearn2core.config import yaml_parse

        if isinstance(node, nodes.Mapping | nodes.Sequence):
            return ""
        if not isinstance(node, nodes.Tagged):
            yaml_parse.build(node)  # looks for each ${NAME}
            return ""
        kind, _, name = str(node.tag).partition(":")
        if kind == "obj":
            self.objects += 1
            return _object(name, node.body)
        if kind == "pkl":
            return _pickle(node)
        return f"{kind} {yaml_parse.build(node)!r}"


def _object(name: str, body: nodes.Node) -> str:
    from pylearn2core.config import call, imports

    pairs = body.pairs if isinstance(body, nodes.Mapping) else ()
    given = [str(nodes.value_of(key)) for key, _ in pairs]
    call.check(imports.resolve(name), name, given)
    return f"{name}({', '.join(given)})"


def _pickle(node: nodes.Tagged) -> str:
    filepath = str(nodes.value_of(node.body))
    if not paths.to_read(filepath).is_file():
        raise ConfigError(f"can't load {filepath!r}: there is no such file.")
    return f"the content of {filepath}"


def _children(node: nodes.Node) -> Iterator[tuple[_Path, nodes.Node]]:
    """(steps of the key path, node) of what stands directly in `node`."""
    match node:
        case nodes.Tagged() if str(node.tag).startswith("obj:"):
            yield (), node.body
        case nodes.Sequence():
            yield from (((index,), item) for index, item in enumerate(node.items))
        case nodes.Mapping():
            yield from (((str(nodes.value_of(key)),), value) for key, value in node.pairs)


if __name__ == "__main__":
    sys.exit(main())
