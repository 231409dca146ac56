"""Bounds on the norms of a weight matrix's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.linear.norms import bound_norms
from pylearn2core.model_extensions.model_extension import ModelExtension

if TYPE_CHECKING:
    from pylearn2core.models.model import Model
    from pylearn2core.types import Symbol


class MaxL2FilterNorm(ModelExtension):
    """Keep the L2 norms of the filters of `model.W` (or of its transformer) within bounds.

    limit: the largest norm.    axis: the axis (or axes) that are summed over;
    0 bounds the columns of a dense layer.    min_limit: the smallest norm.
    """

    def __init__(self, limit: float, axis: Any = 0, min_limit: float = 0.0) -> None:
        if limit is None or limit < min_limit or min_limit < 0:
            raise ConfigError(
                f"limit and min_limit must satisfy 0 <= min_limit <= limit, got {min_limit} "
                f"and {limit}."
            )
        self.limit = limit
        self.axis = tuple(axis) if isinstance(axis, list) else axis
        self.min_limit = min_limit

    def post_modify_updates(self, updates: dict[Symbol, Symbol], model: Model) -> None:
        """Bound the new weights of `model`."""
        W = _weights_of(model)
        if W in updates:
            updates[W] = bound_norms(
                updates[W], axis=self.axis, limit=self.limit, min_limit=self.min_limit
            )


class ConstrainFilterL2Norm(MaxL2FilterNorm):
    """Fix the L2 norm of every filter of `model.W` at `limit`."""

    def __init__(self, limit: float, axis: Any = 0) -> None:
        super().__init__(limit, axis, min_limit=limit)


class ConstrainFilterMaxNorm(MaxL2FilterNorm):
    """Keep the L2 norm of every filter of `model.W` at or below `limit`."""

    def __init__(self, limit: float, axis: Any = 0) -> None:
        super().__init__(limit, axis)


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
