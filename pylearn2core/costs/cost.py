"""Costs of any model: the base classes, sums, a model's own method, Lp penalties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.costs.base import Cost, DefaultDataSpecsMixin, FixedVarDescr, NullDataSpecsMixin
from pylearn2core.costs.combined import SumOfCosts
from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Symbol

__all__ = [
    "Cost",
    "DefaultDataSpecsMixin",
    "FixedVarDescr",
    "LpPenalty",
    "MethodCost",
    "NullDataSpecsMixin",
    "SumOfCosts",
]


class MethodCost(Cost):
    """The value of a method of the model.

    method: name of a method that takes the data and gives a scalar.
    data_specs: (space, source) of the data; where left out, the model's `<method>_data_specs()`
    where it has one, and else its monitoring data specs.
    """

    def __init__(self, method: str, data_specs: Any = None) -> None:
        self.method = method
        self.data_specs = data_specs

    def _method_of(self, model: ModelLike) -> Any:
        found = getattr(model, self.method, None)
        if not callable(found):
            raise ConfigError(f"MethodCost: {type(model).__name__} has no method {self.method!r}.")
        return found

    def expr(self, model: ModelLike, data: Symbol, *args: Any, **kwargs: Any) -> Symbol:
        """What the model's method gives for `data`."""
        self.get_data_specs(model)[0].validate(data)
        return self._method_of(model)(data, *args, **kwargs)

    def get_data_specs(self, model: ModelLike) -> DataSpecs:
        """The given (space, source), or what the model says."""
        if self.data_specs is not None:
            space, source = self.data_specs
            return space, source
        own = getattr(model, f"{self.method}_data_specs", None)
        specs = own() if own is not None else model.get_monitoring_data_specs()
        space, source = specs
        return space, source


class LpPenalty(NullDataSpecsMixin, Cost):
    """The sum of |v|^p over all elements of some variables.

    variables: shared variables.    p: the exponent.
    """

    def __init__(self, variables: Sequence[Any], p: float) -> None:
        self.variables = list(variables)
        self.p = p

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The penalty, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        return sum(pt.power(abs(v), hyper(self.p)).sum() for v in self.variables)
