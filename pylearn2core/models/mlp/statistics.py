"""The monitoring channels that dense layers share."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytensor.tensor as pt

Channels = OrderedDict[str, Any]


def min_mean_max(name: str, values: Any) -> Channels:
    """`<name>_min`, `<name>_mean`, `<name>_max` of a vector."""
    return OrderedDict(
        [
            (f"{name}_min", values.min()),
            (f"{name}_mean", values.mean()),
            (f"{name}_max", values.max()),
        ]
    )


def weight_norms(W: Any) -> Channels:
    """Statistics of the L2 norms of the rows and the columns of W, shape (n_in, n_out)."""
    squares = pt.sqr(W)
    channels = min_mean_max("row_norms", pt.sqrt(squares.sum(axis=1)))
    channels.update(min_mean_max("col_norms", pt.sqrt(squares.sum(axis=0))))
    return channels


def unit_statistics(state: Any) -> Channels:
    """`{max,min,range,mean}_x_{max,mean,min}_u` of a batch of states, shape (batch, units).

    The first statistic is over the batch's rows, the second over the units.
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
        channels[f"{name}_x_max_u"] = values.max()
        channels[f"{name}_x_mean_u"] = values.mean()
        channels[f"{name}_x_min_u"] = values.min()
    return channels
