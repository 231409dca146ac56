"""The one function of Pylearn2's deep Boltzmann machines that other models use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.types import Array


def init_sigmoid_bias_from_marginals(dataset: Any, use_y: bool = False) -> Array:
    """Biases with which sigmoid units have the means of a dataset's columns; shape (columns,).

    dataset: its design matrix (or its targets with use_y) has values in [0, 1]; means are kept
    1e-7 away from 0 and 1.
    """
    X = np.asarray(dataset.y if use_y else dataset.get_design_matrix())
    if not ((X >= 0).all() and (X <= 1).all()):
        raise ConfigError(
            "init_sigmoid_bias_from_marginals: expected values in [0, 1], got values from "
            f"{X.min()} to {X.max()}. Scale the data."
        )
    means = np.clip(X.mean(axis=0), 1e-7, 1 - 1e-7)
    values: Array = np.log(means) - np.log1p(-means)
    return values
