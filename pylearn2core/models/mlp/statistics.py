"""The monitoring channels that layers share."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytensor
import pytensor.tensor as pt

from pylearn2core.types import Symbol
from pylearn2core.utils.hyper import hyper

Channels = OrderedDict[str, Symbol]


def min_mean_max(name: str, values: Symbol) -> Channels:
    """`<name>_min`, `<name>_mean`, `<name>_max` of a vector."""
    return OrderedDict(
        [
            (f"{name}_min", values.min()),
            (f"{name}_mean", values.mean()),
            (f"{name}_max", values.max()),
        ]
    )


def weight_norms(W: Symbol) -> Channels:
    """Statistics of the L2 norms of the rows and the columns of W, shape (n_in, n_out)."""
    squares = pt.sqr(W)
    channels = min_mean_max("row_norms", pt.sqrt(squares.sum(axis=1)))
    channels.update(min_mean_max("col_norms", pt.sqrt(squares.sum(axis=0))))
    return channels


def unit_statistics(state: Symbol, *, prefix: str = "", between: str = "_") -> Channels:
    """`{max,min,range,mean}_x_{max,mean,min}_u` of a batch of states, shape (batch, units).

    The first statistic is over the batch's rows, the second over the units.
    prefix: before each name.    between: in place of the underscore after the x.
    """
    highest, lowest = state.max(axis=0), state.min(axis=0)
    over_rows = {
        "max": highest,
        "min": lowest,
        "range": highest - lowest,
        "mean": state.mean(axis=0),
    }
    channels: Channels = OrderedDict()
    for name, values in over_rows.items():
        channels[f"{prefix}{name}_x{between}max_u"] = values.max()
        channels[f"{prefix}{name}_x{between}mean_u"] = values.mean()
        channels[f"{prefix}{name}_x{between}min_u"] = values.min()
    return channels


def detection(said: Symbol, true: Symbol, axis: int | tuple[int, ...]) -> Channels:
    """Precision, recall and f1 of all units, and `per_output_` ones of each unit over `axis`.

    said, true: zeros and ones.
    """
    names = ("precision", "recall", "f1")
    positives = true.sum()
    overall = _rates((true * said).sum(), said.sum(), positives)
    channels: Channels = OrderedDict(zip(names, overall, strict=True))
    # Pylearn2's channels, kept so that the numbers agree: a unit's recall is its hits over
    # the positives of all units together.
    each = _rates((true * said).sum(axis=axis), said.sum(axis=axis), positives)
    for name, values in zip(names, each, strict=True):
        channels[f"per_output_{name}_max"] = values.max()
        channels[f"per_output_{name}_mean"] = values.mean()
        channels[f"per_output_{name}_min"] = values.min()
    return channels


def _rates(hits: Symbol, said: Symbol, true: Symbol) -> tuple[Any, Any, Any]:
    one = hyper(1.0)
    precision = hits / pt.maximum(one, said)
    recall = hits / pt.maximum(one, true)
    # The same: the sum of two rates below 1 counts as 1.
    f1 = hyper(2.0) * precision * recall / pt.maximum(one, precision + recall)
    return precision, recall, f1


def floats(condition: Symbol) -> Symbol:
    """A condition as zeros and ones in floatX."""
    return pt.cast(condition, pytensor.config.floatX)
