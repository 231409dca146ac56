"""What a cost is: the objective of a model on data, and its gradients."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pylearn2core.engine import default_updates, gradients
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.space import CompositeSpace, NullSpace

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Symbol


class FixedVarDescr:
    """Variables that stay fixed while one batch is worked on.

    fixed_vars: name to shared variable; handed to `expr` and the others as keywords.
    on_load_batch: functions of the batch's data that are called when a batch is loaded.
    """

    def __init__(self) -> None:
        self.fixed_vars: dict[str, Any] = {}
        self.on_load_batch: list[Any] = []


class Cost:
    """An objective: what data it needs, its value, its gradients, its monitoring channels."""

    supervised = False

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The objective as a symbolic scalar; None where only its gradients can be had."""
        raise UnsupportedError(f"{type(self).__name__} does not implement expr.")

    def get_gradients(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> tuple[OrderedDict[Symbol, Symbol], OrderedDict[Symbol, Symbol]]:
        """Return (gradients, updates).

        gradients: parameter to d cost / d parameter, of the parameter's shape.
        updates: what else a training step has to update: the random states that expr draws
        from, a sampler's chain.
        """
        cost = self.expr(model=model, data=data, **kwargs)
        if cost is None:
            raise UnsupportedError(
                f"{type(self).__name__}.expr gives no value, so {type(self).__name__} has to "
                "implement get_gradients."
            )
        if getattr(cost, "ndim", None) != 0:
            raise ConfigError(
                f"{type(self).__name__}.expr has to return a scalar, got {cost!r} of type "
                f"{getattr(cost, 'type', type(cost).__name__)}. Take its mean over the examples."
            )
        params = list(model.get_params())
        grads = gradients(cost, params)
        updates = OrderedDict(default_updates([cost], ()))
        return OrderedDict(zip(params, grads, strict=True)), updates

    def get_monitoring_channels(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Any:
        """Map channel names to symbolic scalars of `data`; none by default."""
        self.get_data_specs(model)[0].validate(data)
        return OrderedDict()

    def get_monitoring_data_specs(self, model: ModelLike) -> DataSpecs:
        """(space, source) of the data that get_monitoring_channels takes."""
        return self.get_data_specs(model)

    def get_data_specs(self, model: ModelLike) -> DataSpecs:
        """(space, source) of the data that expr and the others take."""
        raise UnsupportedError(
            f"{type(self).__name__} does not implement get_data_specs. Inherit from "
            "DefaultDataSpecsMixin (the model's inputs, and its targets where supervised)."
        )

    def get_fixed_var_descr(self, model: ModelLike, data: Symbol) -> FixedVarDescr:
        """What stays fixed during a batch; nothing by default."""
        self.get_data_specs(model)[0].validate(data)
        return FixedVarDescr()

    def is_stochastic(self) -> bool:
        """Whether two evaluations on the same data may differ."""
        return False


class DefaultDataSpecsMixin:
    """The model's inputs, and its targets where `supervised` is true."""

    supervised: bool

    def get_data_specs(self, model: ModelLike) -> DataSpecs:
        """(space, source): of the inputs, or of the pair (inputs, targets)."""
        space, source = model.get_input_space(), model.get_input_source()
        if not self.supervised:
            return space, source
        return (
            CompositeSpace([space, model.get_target_space()]),
            (source, model.get_target_source()),
        )


class NullDataSpecsMixin:
    """A cost of the parameters alone: it needs no data."""

    def get_data_specs(self, model: ModelLike) -> DataSpecs:
        """The empty (space, source)."""
        return NullSpace(), ""
