"""Which trials can be one program: those of one text that differ in numbers only.

The engine decides by the graphs themselves, in a worker. This is the cheap guess before that,
from the text alone: a float value, or one that stands under a key `seed` or `rng`, leaves the
program as it is; any other (a width, a batch size, a layer's class) makes another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pylearn2core.config import nodes
from sweeper.records import ExperimentText, Trial, Value

_SEEDS = frozenset({"seed", "rng"})


def program_groups(
    trials: Sequence[Trial], texts: Mapping[str, ExperimentText]
) -> list[tuple[str, str]]:
    """A key for each trial, equal for those that are likely to be one program."""
    seeds = {text_id: seed_tokens(text) for text_id, text in texts.items()}
    return [(trial.text_id, _masked(trial.tokens, seeds[trial.text_id])) for trial in trials]


def seed_tokens(text: ExperimentText) -> frozenset[int]:
    """The tokens that stand under a key `seed` or `rng`, however deep."""
    documents = nodes.parse(text.text, source=text.source, lines=text.lines)
    return frozenset(_under_seed(documents, inside=False, seen=set()))


def _under_seed(found: Iterable[nodes.Node], *, inside: bool, seen: set[int]) -> Iterator[int]:
    for node in found:
        if isinstance(node, nodes.Token) and inside:
            yield node.index
        elif isinstance(node, nodes.Text) and inside:
            yield from (part for part in node.parts if isinstance(part, int))
        elif id(node) in seen:  # an anchor's second use
            continue
        seen.add(id(node))
        if isinstance(node, nodes.Tagged):
            yield from _under_seed([node.body], inside=inside, seen=seen)
        elif isinstance(node, nodes.Sequence):
            yield from _under_seed(node.items, inside=inside, seen=seen)
        elif isinstance(node, nodes.Mapping):
            for key, value in node.pairs:
                is_seed = isinstance(key, nodes.Scalar) and key.value in _SEEDS
                yield from _under_seed([value], inside=inside or is_seed, seen=seen)


def _masked(tokens: Sequence[Value], seeds: frozenset[int]) -> str:
    return repr(
        [
            "float" if isinstance(value, float) else "seed" if place in seeds else value
            for place, value in enumerate(tokens)
        ]
    )
