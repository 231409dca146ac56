"""`theano.compat.six`: the part of six that users of Theano met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.theano.compat.six import moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "PY2",
    "PY3",
    "integer_types",
    "iteritems",
    "iterkeys",
    "itervalues",
    "moves",
    "string_types",
    "text_type",
]

PY2, PY3 = False, True
string_types = (str,)
integer_types = (int,)
text_type = str


def iteritems(mapping: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Iterate over the pairs."""
    return iter(mapping.items())


def iterkeys(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the keys."""
    return iter(mapping.keys())


def itervalues(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the values."""
    return iter(mapping.values())
