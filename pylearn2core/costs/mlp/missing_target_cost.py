"""The cost of an MLP where some targets are not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pytensor.tensor as pt

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Symbol


class MissingTargetCost(DefaultDataSpecsMixin, Cost):
    """The output layer's cost, to which a target of -1 adds nothing.

    The layer's `cost_from_cost_matrix` makes the cost of the matrix, zeros where a target is
    missing: means are over all examples.
    dropout_args: `MLP.dropout_fprop`'s arguments; None for no dropout.
    """

    supervised = True

    def __init__(self, dropout_args: Mapping[str, Any] | None = None) -> None:
        self.dropout_args = dropout_args

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The cost, a scalar.  data: the pair (inputs, targets)."""
        self.get_data_specs(model)[0].validate(data)
        X, Y = data
        mlp = cast("Any", model)
        Y_hat = mlp.dropout_fprop(X, **self.dropout_args) if self.dropout_args else mlp.fprop(X)
        costs = mlp.cost_matrix(Y, Y_hat)
        known = pt.cast(pt.neq(Y, -1), costs.dtype)
        return mlp.cost_from_cost_matrix(costs * known)

    def is_stochastic(self) -> bool:
        """With dropout it is."""
        return bool(self.dropout_args)
