"""What an MLP's layer is."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from pylearn2core.models.model import Model

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class LayerOwner(Protocol):
    """What a layer stands in: an MLP, or the distribution of a VAE."""

    @property
    def rng(self) -> RandomState:
        """The generator of the layers' initial weights."""


class Layer(Model):
    """One layer of an MLP: maps a batch of its input space to one of its output space.

    layer_name: unique in its MLP; the prefix of its channels.
    A layer draws its weights from `self.mlp.rng` when its input space is set.
    """

    # What dropout puts in place of a dropped input.
    dropout_input_mask_value: float = 0.0
    layer_name: str
    mlp: Any = None

    def get_mlp(self) -> Any:
        """The MLP that this layer is in, or None."""
        return self.mlp

    def set_mlp(self, mlp: LayerOwner) -> None:
        """Put this layer into `mlp`."""
        self._check_init()
        self.mlp = mlp

    def set_input_space(self, space: Space) -> None:
        """Set the space of the inputs; makes the parameters."""
        raise self._lacks("set_input_space")

    def fprop(self, state_below: Symbol) -> Symbol:
        """The layer's output for a batch of its input space."""
        raise self._lacks("fprop")

    def upward_pass(self, state_below: Symbol) -> Symbol:
        """The same as fprop, under the name that blocks give it."""
        return self.fprop(state_below)

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The cost, a scalar, of outputs Y_hat (as fprop gave them) where the targets are Y."""
        raise self._lacks(
            "cost, so it can't be the output layer; end the MLP with a Softmax, Sigmoid, Linear "
            "or LinearGaussian layer"
        )

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The cost of each example and unit, shape (batch, units)."""
        raise self._lacks("cost_matrix")

    def cost_from_cost_matrix(self, cost_matrix: Symbol) -> Symbol:
        """The cost, a scalar, from what cost_matrix gave."""
        raise self._lacks("cost_from_cost_matrix")

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Map channel names to symbolic scalars; what is None has not been computed."""
        return OrderedDict()

    def get_weights(self) -> Array:
        """The weights as an array."""
        raise self._lacks("get_weights")

    def set_weights(self, weights: Array) -> None:
        """Set the weights from an array of their shape."""
        raise self._lacks("set_weights")

    def get_biases(self) -> Array:
        """The biases as an array."""
        raise self._lacks("get_biases")

    def set_biases(self, biases: Array) -> None:
        """Set the biases from an array of their shape."""
        raise self._lacks("set_biases")

    def get_weight_decay(self, coeff: Any) -> Symbol:
        """Coeff times the sum of the squared weights."""
        raise self._lacks("get_weight_decay")

    def get_l1_weight_decay(self, coeff: Any) -> Symbol:
        """Coeff times the sum of the weights' absolute values."""
        raise self._lacks("get_l1_weight_decay")
