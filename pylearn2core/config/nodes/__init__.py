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

from pylearn2core.config.nodes.filler import bind, fill, value_of
from pylearn2core.config.nodes.limits import MAX_DEPTH, MAX_DIGITS, MAX_NODES, MAX_TEXT
from pylearn2core.config.nodes.parser import parse
from pylearn2core.config.nodes.scalars import (
    MARKER,
    OUT,
    TOKEN,
    TRIAL,
    flow,
    plain_scalar,
    text_of,
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
)
from pylearn2core.config.nodes.writer import resolve

__all__ = [
    "MARKER",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_NODES",
    "MAX_TEXT",
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
