"""YAML's scalars both ways, text to a typed value and a value to text; how tokens are spelt."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from pylearn2core.config.nodes.limits import MAX_DIGITS, MAX_NUMBER_TEXT
from pylearn2core.errors import ConfigError

MARKER = "__sweep_token_"
TOKEN = re.compile(rf"{MARKER}(\d{{1,9}})__")
TRIAL, OUT = f"{MARKER}trial__", f"{MARKER}out__"
STANDARD = "tag:yaml.org,2002:"
# libyaml's parser where PyYAML was built with it: five times as fast, the same events.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_HUGE = 10**MAX_DIGITS
_TYPED = frozenset({"null", "bool", "int", "float", "timestamp", "str", "binary"})
_PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
# What must not stand as itself between double quotes: controls, YAML 1.1's line breaks, the BOM,
# and halves of surrogate pairs.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class _Rules(SafeConstructor, Resolver):
    """YAML 1.1's plain scalars as PyYAML's safe loader types them, and `1e-3`, `-.5` as floats."""

    def __init__(self) -> None:
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def kind(self, text: str) -> str:
        tag = self.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        return str(tag).removeprefix(STANDARD)

    def construct(self, kind: str, text: str) -> Any:
        # Not by `construct_object`, which keeps each node it has seen.
        tag = STANDARD + kind
        return self.yaml_constructors[tag](self, yaml.ScalarNode(tag, text))


_Rules.add_implicit_resolver(
    f"{STANDARD}float",
    re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$|[-+]\.[0-9]+$"),
    list("-+.0123456789"),
)
_rules = _Rules()


def plain_scalar(text: str) -> Any:
    """Return what YAML reads where `text` stands as a bare word: `1e-3` is a float, `x` is not.

    Raises ConfigError (with no place) for a number that is too long.
    """
    return _short(text) if len(text) < _SHORT else _read(text)


def _read(text: str) -> Any:
    kind = _rules.kind(text)
    if kind == "str" or kind not in _TYPED:
        return text
    try:
        return _number(kind, text) if kind in ("int", "float") else _rules.construct(kind, text)
    except ValueError:  # looks like a number or a date and is none: `2024-99-99`
        return text


# Most words of a text stand in it many times.
_SHORT = 40
_short = lru_cache(maxsize=4096)(_read)


def _number(kind: str, text: str) -> int | float:
    if len(text) > MAX_NUMBER_TEXT:
        raise ConfigError(
            f"a number of {len(text):,} characters, {text[:10]}…: at most {MAX_NUMBER_TEXT:,} are "
            "read. Put it in quotes for a string."
        )
    try:
        number: int | float = _rules.construct(kind, text)
    except OverflowError:  # a float in base 60
        number = _HUGE
    if isinstance(number, int) and not -_HUGE < number < _HUGE:
        raise ConfigError(
            f"the number {text[:10]}… has more than {MAX_DIGITS} digits. Write a smaller one, or "
            "put it in quotes for a string."
        )
    return number


def tagged_scalar(kind: str, text: str) -> Any:
    """Return the value of `!!kind text`. Raises ValueError where it has none.

    Raises ConfigError (with no place) for a number that is too long.
    """
    if kind not in _TYPED:
        raise ValueError(kind)
    try:
        return _number(kind, text) if kind in ("int", "float") else _rules.construct(kind, text)
    except (KeyError, AttributeError, yaml.YAMLError) as error:
        raise ValueError(str(error)) from None


def split(text: str) -> tuple[str | int, ...]:
    """Cut a string at its tokens: `a__sweep_token_3__` gives ("a", 3)."""
    pieces = TOKEN.split(text)
    parts = (int(piece) if i % 2 else piece for i, piece in enumerate(pieces))
    return tuple(part for part in parts if part != "")


def text_of(value: Any) -> str:
    """Return a value as part of a longer string: a string as it is, the rest as YAML writes it."""
    if isinstance(value, str):
        return value
    return repr(value) if isinstance(value, float) and math.isfinite(value) else flow(value)


def flow(value: Any) -> str:
    """Write plain data as YAML on one line that any YAML 1.1 reader gives back with its type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _flow_float(value)
    if isinstance(value, str):
        return _flow_string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return str(value)


def _flow_float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    mantissa, mark, exponent = repr(value).partition("e")
    # YAML 1.1 asks for a point before an exponent: `1e-05` would be a string.
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{mark}{exponent}"


def _flow_string(value: str) -> str:
    # `y` and `n` are bools to some readers.
    is_word = _PLAIN_WORD.fullmatch(value) and value.lower() not in {"y", "n"}
    if is_word and isinstance(plain_scalar(value), str):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)
