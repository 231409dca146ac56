"""Costs of multilayer perceptrons: the output layer's own, weight decay, dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin, NullDataSpecsMixin

if TYPE_CHECKING:
    from pylearn2core.costs.kinds import MLPLike
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Symbol

__all__ = ["Default", "L1WeightDecay", "WeightDecay"]


class Default(DefaultDataSpecsMixin, Cost):
    """The cost of the MLP's output layer."""

    supervised = True

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The output layer's cost, a scalar.  data: the pair (inputs, targets)."""
        self.get_data_specs(model)[0].validate(data)
        return cast("MLPLike", model).cost_from_X(data)


class _Decay(NullDataSpecsMixin, Cost):
    """coeffs: a map from layer names (those left out are free), or a list, one a layer."""

    method: str
    name: str

    def __init__(self, coeffs: Any) -> None:
        self.coeffs = coeffs

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The penalty, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        # A name of its own for the sum: the variable may be a layer's, and has another name.
        total = getattr(model, self.method)(self.coeffs)
        total.name = self.name
        return total


class WeightDecay(_Decay):
    """The sum over layers of coeff x sum(W^2); biases are free, and there is no 1/2."""

    method = "get_weight_decay"
    name = "weight_decay"


class L1WeightDecay(_Decay):
    """The sum over layers of coeff x sum(|W|); biases are free."""

    method = "get_l1_weight_decay"
    name = "l1_penalty"
