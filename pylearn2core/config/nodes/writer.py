"""Values back into the text: what a trial's YAML is to any reader."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import Any

import yaml
from yaml import tokens as tk

from pylearn2core.config.nodes.filler import bind, fill
from pylearn2core.config.nodes.scalars import LOADER, MARKER, TOKEN, flow, split, text_of
from pylearn2core.config.nodes.tree import Text


def resolve(text: str, tokens: SequenceOf[Any], *, trial: str, out: str) -> str:
    """Return `text` with every token written in, as YAML that any YAML 1.1 reader reads back equal.

    trial, out: for the two named tokens inside string values.
    """
    values = bind(tokens, trial=trial, out=out)
    pieces: list[str] = []
    done, tagged = 0, False
    for token in yaml.scan(text, Loader=LOADER):
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
