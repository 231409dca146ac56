"""A weighted sum of costs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pylearn2core.costs.base import Cost, FixedVarDescr
from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace, NullSpace
from pylearn2core.utils.data_specs import DataSpecsMapping
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Symbol

_PAIR = 2
_values: ContextVar[dict[Any, Any] | None] = ContextVar("values_of_terms", default=None)


@contextmanager
def sharing_values() -> Iterator[None]:
    """In here a term of a sum has one value for a batch, however often it is asked for.

    So a channel of the term and the objective share their computation, and its graph is built once.
    """
    reset = _values.set({})
    try:
        yield
    finally:
        _values.reset(reset)


class SumOfCosts(Cost):
    """The sum of coefficient times cost.

    costs: each a Cost (coefficient 1) or a pair [coefficient, Cost].
    """

    def __init__(self, costs: Sequence[Any]) -> None:
        if not isinstance(costs, list | tuple) or not costs:
            raise ConfigError(
                f"SumOfCosts: costs must be a list of one or more costs, got {costs!r}."
            )
        pairs = [_pair(place, item) for place, item in enumerate(costs)]
        self.coeffs = [coeff for coeff, _ in pairs]
        self.costs = [cost for _, cost in pairs]

    @property
    def supervised(self) -> bool:  # type: ignore[override]
        """Whether any of the costs needs targets."""
        return any(cost.supervised for cost in self.costs)

    def _terms(self, model: ModelLike, data: Symbol) -> Iterator[tuple[Any, Cost, Any]]:
        """(coefficient, cost, that cost's own data) of each term."""
        _, mapping = self.get_composite_specs_and_mapping(model)
        self.get_data_specs(model)[0].validate(data)
        data = data if mapping.n_unique_specs else ()
        yield from zip(self.coeffs, self.costs, mapping.nest(data), strict=True)

    def _value(
        self, place: int, cost: Cost, model: ModelLike, own: Symbol, kwargs: Mapping[str, Any]
    ) -> Symbol:
        """What the cost's `expr` gives; inside `sharing_values`, once for a batch.

        A stochastic cost draws anew each time.
        """
        values = _values.get()
        if values is None or kwargs or cost.is_stochastic():
            return cost.expr(model, own, **kwargs)
        given = (self, model, *_leaves(own))
        key = (place, *map(id, given))
        if key not in values:
            values[key] = given, cost.expr(model, own)  # kept, so that the ids stay theirs
        return values[key][1]

    def get_composite_data_specs(self, model: ModelLike) -> DataSpecs:
        """(space, source) of all the costs' data, one part a cost."""
        specs = [cost.get_data_specs(model) for cost in self.costs]
        return CompositeSpace([space for space, _ in specs]), tuple(source for _, source in specs)

    def get_composite_specs_and_mapping(self, model: ModelLike) -> tuple[tuple[Any, Any], Any]:
        """(specs with one part a cost, mapping between them and the flat specs)."""
        specs = self.get_composite_data_specs(model)
        return specs, DataSpecsMapping(specs)

    def get_data_specs(self, model: ModelLike) -> DataSpecs:
        """(space, source) in which each (space, source) of the costs stands once."""
        (space, source), mapping = self.get_composite_specs_and_mapping(model)
        if mapping.n_unique_specs == 0:
            return NullSpace(), ""
        return mapping.flatten(space), mapping.flatten(source)

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The weighted sum, or None where a term has no value."""
        total = None
        for place, (coeff, cost, own) in enumerate(self._terms(model, data)):
            value = self._value(place, cost, model, own, kwargs)
            if value is None:
                return None
            term = _times(coeff, value)
            total = term if total is None else total + term
        return total

    def get_gradients(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> tuple[OrderedDict[Symbol, Symbol], OrderedDict[Symbol, Symbol]]:
        """The weighted sums of the costs' own gradients, and all their updates."""
        gradients: OrderedDict[Symbol, Symbol] = OrderedDict()
        updates: OrderedDict[Symbol, Symbol] = OrderedDict()
        for coeff, cost, own in self._terms(model, data):
            grads, more = cost.get_gradients(model, own, **kwargs)
            for param, grad in grads.items():
                term = _times(coeff, grad)
                gradients[param] = gradients[param] + term if param in gradients else term
            twice = [str(v) for v, new in more.items() if updates.get(v, new) is not new]
            if twice:
                raise ConfigError(
                    f"SumOfCosts: two of its costs update {', '.join(twice)}, each its own way."
                )
            updates.update(more)
        return gradients, updates

    def get_monitoring_channels(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> OrderedDict[str, Symbol]:
        """The costs' own channels, and `term_<i>[_<name>]`: each cost before its coefficient."""
        channels: OrderedDict[str, Symbol] = OrderedDict()
        for place, (_, cost, own) in enumerate(self._terms(model, data)):
            channels.update(cost.get_monitoring_channels(model, own, **kwargs))
            value = self._value(place, cost, model, own, kwargs)
            if value is not None:
                name = getattr(value, "name", None)
                channels[f"term_{place}_{name}" if name else f"term_{place}"] = value
        return channels

    def get_fixed_var_descr(self, model: ModelLike, data: Symbol) -> FixedVarDescr:
        """All the costs' fixed variables; two of one name are an error."""
        merged = FixedVarDescr()
        for _, cost, own in self._terms(model, data):
            descr = cost.get_fixed_var_descr(model, own)
            twice = sorted(merged.fixed_vars.keys() & descr.fixed_vars.keys())
            if twice:
                raise ConfigError(
                    f"SumOfCosts: two of its costs fix a variable of the name {', '.join(twice)}."
                )
            merged.fixed_vars.update(descr.fixed_vars)
            merged.on_load_batch.extend(descr.on_load_batch)
        return merged

    def is_stochastic(self) -> bool:
        """Whether any of the costs is."""
        return any(cost.is_stochastic() for cost in self.costs)


def _leaves(data: Symbol) -> Iterator[Any]:
    """The variables of a nested batch."""
    if isinstance(data, tuple | list):
        for part in data:
            yield from _leaves(part)
    else:
        yield data


def _pair(place: int, item: Any) -> tuple[Any, Cost]:
    if isinstance(item, Cost):
        return 1.0, item
    if isinstance(item, list | tuple) and len(item) == _PAIR and isinstance(item[1], Cost):
        return item[0], item[1]
    raise ConfigError(
        f"SumOfCosts: costs[{place}] must be a cost or a pair [coefficient, cost], got {item!r}."
    )


def _times(coeff: Symbol, value: Symbol) -> Symbol:
    """The product; a plain 1 leaves the graph as it is."""
    return value if isinstance(coeff, int | float) and coeff == 1 else hyper(coeff) * value
