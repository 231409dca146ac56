"""The cost of an MLP with dropout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin

if TYPE_CHECKING:
    from pylearn2core.costs.kinds import MLPLike
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Symbol


class Dropout(DefaultDataSpecsMixin, Cost):
    """The output layer's cost where inputs of layers are left out at random.

    default_input_include_prob: the chance of an input to stay, for each layer that
    input_include_probs (a map from layer names) leaves out.
    default_input_scale, input_scales: by what the inputs that stay are multiplied.
    per_example: false for one mask for the whole batch.
    Source: Hinton et al. 2012; inputs are scaled up in training, so that nothing need be scaled
    down afterwards.
    """

    supervised = True

    def __init__(
        self,
        default_input_include_prob: float = 0.5,
        input_include_probs: Mapping[str, float] | None = None,
        default_input_scale: float = 2.0,
        input_scales: Mapping[str, float] | None = None,
        per_example: bool = True,
    ) -> None:
        self.default_input_include_prob = default_input_include_prob
        self.input_include_probs = dict(input_include_probs or {})
        self.default_input_scale = default_input_scale
        self.input_scales = dict(input_scales or {})
        self.per_example = per_example

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The cost, a scalar.  data: the pair (inputs, targets)."""
        self.get_data_specs(model)[0].validate(data)
        X, Y = data
        mlp = cast("MLPLike", model)
        Y_hat = mlp.dropout_fprop(
            X,
            default_input_include_prob=self.default_input_include_prob,
            input_include_probs=self.input_include_probs,
            default_input_scale=self.default_input_scale,
            input_scales=self.input_scales,
            per_example=self.per_example,
        )
        return mlp.cost(Y, Y_hat)

    def is_stochastic(self) -> bool:
        """It is."""
        return True
