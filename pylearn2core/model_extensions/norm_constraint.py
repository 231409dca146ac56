"""Bounds on the norms of a weight matrix's filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.norms import bound_norms
from pylearn2core.model_extensions.model_extension import ModelExtension
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.models.model import Model
    from pylearn2core.types import Symbol


class ConstrainFilterL2Norm(ModelExtension):
    """Keep the L2 norms of the filters of `model.W` (or of its transformer) within bounds.

    limit: the largest norm, a number or symbolic; None for no bound.
    min_limit: the smallest norm, the same.
    axis: the axis (or axes) that are summed over; 0 bounds the columns of a dense layer.
    """

    def __init__(
        self, limit: float | None, min_limit: float | None = 0.0, axis: int | Sequence[int] = 0
    ) -> None:
        _check_order(limit, min_limit)
        self.limit, self.min_limit = limit, min_limit
        self.axis = axis if isinstance(axis, int) else tuple(axis)

    def post_modify_updates(self, updates: dict[Symbol, Symbol], model: Model) -> None:
        """Bound the new weights of `model`."""
        W = _weights_of(model)
        if W in updates:
            least = 0.0 if self.min_limit is None else self.min_limit
            updates[W] = bound_norms(updates[W], axis=self.axis, limit=self.limit, min_limit=least)


class MaxL2FilterNorm(ConstrainFilterL2Norm):
    """The same, under its older name."""


class ConstrainFilterMaxNorm(ModelExtension):
    """Keep every weight of `model.W` (or of its transformer) in [-limit, limit].

    limit: the largest magnitude; None for no bound.    min_limit: is there in Pylearn2, and can
    only be left out.
    """

    def __init__(self, limit: float | None, min_limit: float | None = None) -> None:
        if min_limit is not None:
            raise ConfigError(
                f"ConstrainFilterMaxNorm: min_limit can only be left out, got {min_limit!r}. "
                "ConstrainFilterL2Norm has a smallest norm."
            )
        self.limit = limit

    def post_modify_updates(self, updates: dict[Symbol, Symbol], model: Model) -> None:
        """Clip the new weights of `model`."""
        W = _weights_of(model)
        if W in updates and self.limit is not None:
            updates[W] = pt.clip(updates[W], hyper(-self.limit), hyper(self.limit))


def _check_order(limit: Any, min_limit: Any) -> None:
    bounds = (limit, min_limit)
    is_known = all(isinstance(bound, int | float) for bound in bounds)  # either may be symbolic
    if is_known and not 0 <= min_limit <= limit:
        raise ConfigError(
            f"limit and min_limit must satisfy 0 <= min_limit <= limit, got {min_limit} "
            f"and {limit}."
        )


def _weights_of(model: Model) -> Any:
    found = getattr(model, "W", None)
    if found is not None:
        return found
    transformer = getattr(model, "transformer", None)
    params = transformer.get_params() if transformer is not None else []
    if len(params) != 1:
        raise ConfigError(
            f"{type(model).__name__} has neither a parameter W nor a transformer with exactly "
            "one parameter, so the norms of its filters can't be bounded."
        )
    return params[0]
