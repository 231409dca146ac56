"""Layers that wrap another layer, a model, or a change of format."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.space import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.models.mlp.layer import LayerOwner
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class SpaceConverter(Layer):
    """Changes the format of its input, and nothing else.

    output_space: the Space to format the input as.
    """

    def __init__(self, layer_name: str, output_space: Space) -> None:
        super().__init__()
        self.layer_name = layer_name
        self.output_space = output_space
        self._params = []

    def set_input_space(self, space: Space) -> None:
        """Set the input space."""
        self.input_space = space

    def fprop(self, state_below: Symbol) -> Symbol:
        """The input in the output space."""
        return self.input_space.format_as(state_below, self.output_space)


class PretrainedLayer(Layer):
    """A trained model as a layer: its upward pass.

    layer_content: a model with `upward_pass`, such as an Autoencoder.
    freeze_params: true to leave its parameters as they are.
    """

    def __init__(self, layer_name: str, layer_content: Any, freeze_params: bool = False) -> None:
        super().__init__()
        if not callable(getattr(layer_content, "upward_pass", None)):
            raise ConfigError(
                f"layer {layer_name!r}: layer_content must be a model with an upward_pass, such as "
                f"an Autoencoder, got {type(layer_content).__name__}."
            )
        self.layer_name = layer_name
        self.layer_content = layer_content
        self.freeze_params = freeze_params

    def set_input_space(self, space: Space) -> None:
        """Check that the input is what the model was trained on."""
        wanted = self.layer_content.get_input_space()
        if space != wanted:
            raise ConfigError(
                f"layer {self.layer_name!r}: its layer_content takes {wanted}, but the input here "
                f"is {space}."
            )
        self.input_space = space

    def get_params(self) -> list[Symbol]:
        """The model's parameters; none where they are frozen."""
        self._check_init()
        return [] if self.freeze_params else list(self.layer_content.get_params())

    def get_input_space(self) -> Space:
        """The model's input space."""
        space: Space = self.layer_content.get_input_space()
        return space

    def get_output_space(self) -> Space:
        """The model's output space."""
        space: Space = self.layer_content.get_output_space()
        return space

    def get_weights(self) -> Array:
        """The model's weights."""
        values: Array = self.layer_content.get_weights()
        return values

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        self.layer_content.modify_updates(updates)

    def fprop(self, state_below: Symbol) -> Symbol:
        """The model's upward pass."""
        return self.layer_content.upward_pass(state_below)


class FlattenerLayer(Layer):
    """Another layer, whose output is flattened to vectors.

    raw_layer: that layer; its name is this one's.
    """

    def __init__(self, raw_layer: Layer) -> None:
        super().__init__()
        self.raw_layer = raw_layer
        self.layer_name = raw_layer.layer_name

    def set_mlp(self, mlp: LayerOwner) -> None:
        """Put both layers into `mlp`."""
        super().set_mlp(mlp)
        self.raw_layer.set_mlp(mlp)

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the raw layer the batch size."""
        self.raw_layer.set_batch_size(batch_size)

    def set_input_space(self, space: Space) -> None:
        """Set the raw layer's input space."""
        self.raw_layer.set_input_space(space)
        self.output_space = VectorSpace(self.raw_layer.get_output_space().get_total_dimension())

    def get_input_space(self) -> Space:
        """The raw layer's input space."""
        return self.raw_layer.get_input_space()

    def get_params(self) -> list[Symbol]:
        """The raw layer's parameters."""
        return self.raw_layer.get_params()

    def fprop(self, state_below: Symbol) -> Symbol:
        """The raw layer's output as vectors, shape (batch, dim)."""
        raw = self.raw_layer.fprop(state_below)
        flat = self.raw_layer.get_output_space().format_as(raw, self.output_space)
        # The raw layer's cost takes what its own fprop made, so that must be found again.
        flat.tag.raw_state = raw
        return flat

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The raw layer's cost of the unflattened targets."""
        raw_state = getattr(Y_hat.tag, "raw_state", None)
        if raw_state is None:
            raise ConfigError(
                f"layer {self.layer_name!r}: cost takes the output of fprop as Y_hat, got "
                f"{Y_hat!r}."
            )
        raw_Y = self.output_space.format_as(Y, self.raw_layer.get_target_space())
        return self.raw_layer.cost(raw_Y, raw_state)

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """The raw layer's channels."""
        raw_state = None if state is None else state.tag.raw_state
        raw_targets = None
        if targets is not None:
            raw_targets = self.output_space.format_as(targets, self.raw_layer.get_target_space())
        return self.raw_layer.get_layer_monitoring_channels(state_below, raw_state, raw_targets)

    def get_weight_decay(self, coeffs: Any) -> Symbol:
        """The raw layer's."""
        return self.raw_layer.get_weight_decay(coeffs)

    def get_l1_weight_decay(self, coeffs: Any) -> Symbol:
        """The raw layer's."""
        return self.raw_layer.get_l1_weight_decay(coeffs)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """The raw layer's."""
        return self.raw_layer.get_lr_scalers()

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        self.raw_layer.modify_updates(updates)

    def get_weights(self) -> Array:
        """The raw layer's."""
        return self.raw_layer.get_weights()
