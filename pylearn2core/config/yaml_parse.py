"""Experiments in YAML to objects: `!obj:`, `!import:`, `!pkl:`, `!float`, `${NAME}`.

`!obj:a.b.C {x: 1}` is `C(x=1)`, `!import: 'a.b'` the thing itself, `!pkl: 'path'` a pickle's
content and `!float 1e-3` a float. An alias is the very object of its anchor. `${NAME}` in any
string is replaced by that environment variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from pylearn2core import paths
from pylearn2core.config import nodes
from pylearn2core.config.allowed import Allowed, allow_list
from pylearn2core.config.call import call
from pylearn2core.config.imports import import_alias, resolve, restrict
from pylearn2core.config.source import tag_of, yaml_text
from pylearn2core.errors import ConfigError, Where
from pylearn2core.words import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["allow_list", "build", "load", "load_path", "with_names"]

_Path: TypeAlias = tuple[str | int, ...]
_NAME = re.compile(r"\$\{([^{}]*)\}")
# By name: this layer lies below it.
_LOADER = "pylearn2core.utils.serial.load"
_TAGS = ("!obj:", "!import:", "!pkl:", "!float")


def load(
    stream: str | IO[str],
    environ: Mapping[str, str] | None = None,
    instantiate: bool = True,
    *,
    Loader: Any = None,
) -> Any:
    """The objects that a YAML text describes; a list of them where it has several documents.

    stream: the text, or an open file.    environ: looked into first for `${NAME}`.
    instantiate: False gives the tree of nodes, which `build` takes.
    Loader: Pylearn2 handed it to PyYAML; nothing here needs it.
    Raises ConfigError with file, line and key path.
    """
    text = stream if isinstance(stream, str) else stream.read()
    source = None if isinstance(stream, str) else str(getattr(stream, "name", "")) or None
    documents = nodes.parse(text, source=source)
    if not documents:
        raise ConfigError("the YAML is empty; it should describe an experiment.", Where(source))
    built: list[Any] = list(documents)
    if instantiate:
        with _environ(environ):
            built = [build(document, source=source) for document in documents]
    return built[0] if len(built) == 1 else built


def load_path(
    path: str,
    environ: Mapping[str, str] | None = None,
    instantiate: bool = True,
    *,
    Loader: Any = None,
) -> Any:
    """`load` of the file at `path`. Raises ConfigError also where it can't be read."""
    try:
        with paths.to_read(path).open(encoding="utf-8") as file:
            return load(file, environ, instantiate)
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"can't read this YAML file: {err}", Where(str(path))) from err


@contextmanager
def _environ(environ: Mapping[str, str] | None) -> Iterator[None]:
    if not environ:
        yield
        return
    places = paths.current()
    with paths.use(replace(places, environ={**places.environ, **environ})):
        yield


def build(
    node: nodes.Node,
    *,
    tokens: Sequence[Any] = (),
    source: str | None = None,
    allowed: Allowed | None = None,
    yaml_src: str | None = None,
) -> Any:
    """The object that a tree of nodes describes.

    tokens: the values of the numbered tokens.    source: the file's name in errors.
    allowed: raises ConfigError for what may not be named; see `allow_list`. A build inside a
    constructor inherits it.    yaml_src: the root's text, where the caller has it.
    Raises ConfigError with file, line and key path; where an exception of an import or of a
    constructor is behind it, that is its cause.
    """
    import_alias()
    with restrict(allowed):
        return _Builder(tokens, source, node, yaml_src).build(node, ())


class _Builder:
    """One build: remembers what each node became, so that an alias is its anchor's object."""

    def __init__(
        self,
        tokens: Sequence[Any],
        source: str | None,
        root: nodes.Node,
        root_text: str | None,
    ) -> None:
        self._tokens = tuple(tokens)
        self._source = source
        self._root = root
        self._root_text = root_text
        self._made: dict[int, Any] = {}

    def build(self, node: nodes.Node, path: _Path) -> Any:
        if type(node) is nodes.Scalar and type(node.value) is not str:
            return node.value  # most of a tree, and nothing can go wrong with it
        if id(node) not in self._made:
            with self._placed(node, path):
                self._made[id(node)] = self._make(node, path)
        return self._made[id(node)]

    @contextmanager
    def _placed(self, node: nodes.Node, path: _Path) -> Iterator[None]:
        """Give a ConfigError from inside that knows no place the node's."""
        try:
            yield
        except ConfigError as err:
            if err.where != Where():
                raise
            # The error itself: an `except` for its own kind still fires.
            err.where = Where(self._source, node.line, nodes.join_path(path) or None)
            err.args = (err.message, err.where)
            raise

    def _make(self, node: nodes.Node, path: _Path) -> Any:
        match node:
            case nodes.Tagged():
                return self._tagged(node, path)
            case nodes.Mapping():
                return self._mapping(node, path)
            case nodes.Sequence():
                return [self.build(item, (*path, i)) for i, item in enumerate(node.items)]
            case _:
                return _substitute(nodes.fill(node, self._tokens))

    def _mapping(self, node: nodes.Mapping, path: _Path) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key_node, value_node in node.pairs:
            key = self.build(key_node, path)
            with self._placed(key_node, path):
                _check_key(key, made, key_node, self._tokens)
            made[key] = self.build(value_node, (*path, str(key)))
        return made

    def _tagged(self, node: nodes.Tagged, path: _Path) -> Any:
        tag = tag_of(node, self._tokens)
        kind, _, name = tag.partition(":")
        makers: dict[str, Callable[[nodes.Tagged, str, _Path], Any]] = {
            "obj": self._obj,
            "import": self._import,
            "pkl": self._pkl,
            "float": self._float,
        }
        if kind not in makers:
            raise ConfigError(f"`!{tag}` is no tag of this format; there are {', '.join(_TAGS)}.")
        return makers[kind](node, name, path)

    def _obj(self, node: nodes.Tagged, name: str, path: _Path) -> Any:
        if not name:
            raise ConfigError("`!obj:` names nothing; write `!obj:package.module.Class {...}`.")
        # The name first: a misspelt class is told before its data sets are loaded.
        target = resolve(name)
        kwargs = self.build(node.body, path) or {}
        if not isinstance(kwargs, dict) or not all(isinstance(key, str) for key in kwargs):
            raise ConfigError(
                f"`!obj:{name}` is followed by {self._written(node)}, and a map of its arguments "
                f"was expected: `!obj:{name} {{argument: value}}`."
            )
        return self._with_source(node, call(target, name, kwargs))

    def _import(self, node: nodes.Tagged, name: str, path: _Path) -> Any:
        return resolve(name or self._text(node, path, "!import: 'a.b.c'"))

    def _pkl(self, node: nodes.Tagged, name: str, path: _Path) -> Any:
        if name:
            raise ConfigError(f"`!pkl:{name}` needs a space after the colon: `!pkl: '{name}'`.")
        filepath = self._text(node, path, "!pkl: 'path'")
        loaded = call(resolve(_LOADER), "!pkl:", {"filepath": filepath})
        return self._with_source(node, loaded)

    def _float(self, node: nodes.Tagged, name: str, path: _Path) -> float:
        value = self.build(node.body, path)
        try:
            return float(value)
        except (TypeError, ValueError):
            # As it is written: the cause would tell what a variable of the environment holds.
            written = self._written(node)
            raise ConfigError(f"`!float` is followed by {written}, which is no number.") from None

    def _written(self, node: nodes.Tagged) -> str:
        """What follows the tag as the file has it, `${NAME}` as `${NAME}`."""
        return shortened(yaml_text(node.body, self._tokens).strip(), 60)

    def _text(self, node: nodes.Tagged, path: _Path, example: str) -> str:
        """The string that follows the tag."""
        value = self.build(node.body, path)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"this tag wants a string after it, as in `{example}`.")
        return value

    def _with_source(self, node: nodes.Tagged, made: Any) -> Any:
        given = self._root_text if node is self._root else None
        # Arrays, slotted objects and the like have no room for it.
        with suppress(AttributeError, TypeError):
            made.yaml_src = given or yaml_text(node, self._tokens)
        return made


def _check_key(key: Any, made: Mapping[Any, Any], node: nodes.Node, tokens: Sequence[Any]) -> None:
    try:
        repeated = key in made
    except TypeError as err:
        raise ConfigError(f"a {type(key).__name__} can't be the key of a map.") from err
    if repeated:
        written = shortened(yaml_text(node, tokens).strip(), 60)
        raise ConfigError(f"the key {written} stands twice in one map.")


def _substitute(value: Any) -> Any:
    """`value` with each `${NAME}` in its strings replaced."""
    if isinstance(value, str):
        return _NAME.sub(_environment, value) if "${" in value else value
    if isinstance(value, list):
        return [_substitute(item) for item in value]
    if isinstance(value, dict):
        return {_substitute(key): _substitute(item) for key, item in value.items()}
    return value


def with_names(text: str) -> str:
    """Return `text` with `${NAME}` in place of each value that a build here read for it.

    For what is kept of a failure: a key or a password in the environment is no part of a run.
    """
    if not _read:
        return text
    longest_first = sorted(_read, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: _read[found[0]], text)


# Values of the environment that builds have read -> `${NAME}`. Of a worker's life: an object that
# was built once may raise much later.
_read: dict[str, str] = {}
_SHORTEST = 4  # characters: to replace each 1 would leave no text


def _remember(name: str, value: str) -> None:
    if len(value) < _SHORTEST or name in paths.current().environ:
        return
    for text in {value, repr(value)[1:-1]}:
        _read[text] = f"${{{name}}}"


def _environment(match: re.Match[str]) -> str:
    found = paths.environ(match[1])
    if found is not None:
        _remember(match[1], found)
    if found is None:
        raise ConfigError(
            f"`${{{match[1]}}}` is used, and no environment variable {match[1]} is set. "
            f"Set it (`export {match[1]}=...`), or write the value."
        )
    return found
