"""Layers side by side."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.space import CompositeSpace
from pylearn2core.utils.hyper import hyper
from pylearn2core.utils.names import check_names

if TYPE_CHECKING:
    from pylearn2core.models.mlp.layer import LayerOwner
    from pylearn2core.space import Space
    from pylearn2core.types import Symbol


class CompositeLayer(Layer):
    """Several layers that work side by side; the output is the tuple of theirs.

    layer_name: unique in its MLP.    layers: the layers, each with a name of its own.
    inputs_to_layers: where the input is a tuple, a map from the place of a part to the list of
    the places of the layers that take it: an empty list for a part that none takes; one that the
    map leaves out goes to all. None: every layer takes the whole input.
    """

    def __init__(
        self,
        layer_name: str,
        layers: Sequence[Layer],
        inputs_to_layers: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        self.layer_name = layer_name
        if not isinstance(layers, list | tuple) or not layers:
            raise ConfigError(f"layer {layer_name!r}: layers must be a list of one or more layers.")
        self.layers = list(layers)
        self.layer_names = [layer.layer_name for layer in self.layers]
        if len(set(self.layer_names)) < len(self.layer_names):
            raise ConfigError(
                f"layer {layer_name!r}: two of its layers have one name: "
                f"{', '.join(self.layer_names)}."
            )
        self.inputs_to_layers = None if inputs_to_layers is None else dict(inputs_to_layers)
        self.layers_to_inputs: dict[int, list[int]] | None = None
        for part, places in (self.inputs_to_layers or {}).items():
            self._check_places(part, places)

    def _check_places(self, part: int, places: Sequence[int]) -> None:
        for place in places:
            if place not in range(len(self.layers)):
                raise ConfigError(
                    f"layer {self.layer_name!r}: inputs_to_layers sends part {part} to layer "
                    f"{place}, but there are {len(self.layers)} layers, counted from 0."
                )

    @property
    def routing_needed(self) -> bool:
        """Whether each layer takes parts of the input; False where all take the whole."""
        return self.inputs_to_layers is not None

    def _routes(self, parts: int | None, space: Space) -> dict[int, list[int]] | None:
        """For each layer's place the places of the input's parts that it takes, in order.

        parts: how many the input has; None where it is no tuple.
        """
        if self.inputs_to_layers is None:
            return None
        if parts is None or not set(self.inputs_to_layers) <= set(range(parts)):
            raise ConfigError(
                f"layer {self.layer_name!r}: inputs_to_layers speaks of the input's parts "
                f"{sorted(self.inputs_to_layers)}, but the input is {space}."
            )
        everywhere = range(len(self.layers))
        taken: dict[int, list[int]] = {place: [] for place in everywhere}
        for part in range(parts):
            for place in self.inputs_to_layers.get(part, everywhere):
                taken[place].append(part)
        idle = [self.layer_names[place] for place, found in taken.items() if not found]
        if idle:
            raise ConfigError(
                f"layer {self.layer_name!r}: inputs_to_layers sends nothing to {', '.join(idle)}."
            )
        return taken

    def set_mlp(self, mlp: LayerOwner) -> None:
        """Put this layer and those in it into `mlp`."""
        super().set_mlp(mlp)
        for layer in self.layers:
            layer.set_mlp(mlp)

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the layers the batch size."""
        for layer in self.layers:
            layer.set_batch_size(batch_size)

    def set_input_space(self, space: Space) -> None:
        """Set the layers' input spaces, in order; draws their weights."""
        self.input_space = space
        parts = space.num_components if isinstance(space, CompositeSpace) else None
        self.layers_to_inputs = self._routes(parts, space)
        for place, layer in enumerate(self.layers):
            if self.layers_to_inputs is None:
                layer.set_input_space(space)
            else:
                composite = cast("CompositeSpace", space)
                layer.set_input_space(composite.restrict(self.layers_to_inputs[place]))
        self.output_space = CompositeSpace([layer.get_output_space() for layer in self.layers])

    def _inputs(self, state_below: Symbol) -> Iterator[tuple[Layer, Any]]:
        for place, layer in enumerate(self.layers):
            if self.layers_to_inputs is None or state_below is None:
                yield layer, state_below
            else:
                parts = [state_below[part] for part in self.layers_to_inputs[place]]
                yield layer, parts[0] if len(parts) == 1 else tuple(parts)

    def get_target_space(self) -> Space:
        """The layers' target spaces, a CompositeSpace."""
        return CompositeSpace([layer.get_target_space() for layer in self.layers])

    def get_params(self) -> list[Symbol]:
        """The layers' parameters, the last layer's first: Pylearn2's order."""
        params: dict[Any, None] = {}
        for layer in reversed(self.layers):
            params.update(dict.fromkeys(layer.get_params()))
        return list(params)

    def fprop(self, state_below: Symbol) -> Symbol:
        """The layers' outputs, a tuple."""
        return tuple(layer.fprop(own) for layer, own in self._inputs(state_below))

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The sum of the layers' costs.  Y, Y_hat: tuples, a part a layer."""
        costs = [
            layer.cost(target, output)
            for layer, target, output in zip(self.layers, Y, Y_hat, strict=True)
        ]
        return sum(costs[1:], costs[0])

    def get_weight_decay(self, coeff: Any) -> Symbol:
        """The sum of the layers' weight decays; coeff: a number, by name, or a list."""
        return self._sum_of_decays("get_weight_decay", coeff)

    def get_l1_weight_decay(self, coeff: Any) -> Symbol:
        """The sum of the layers' L1 penalties; coeff as in get_weight_decay."""
        return self._sum_of_decays("get_l1_weight_decay", coeff)

    def _sum_of_decays(self, method: str, coeffs: Any) -> Symbol:
        if isinstance(coeffs, Mapping):
            check_names(coeffs, self.layer_names, f"coeffs of {self.layer_name!r}")
            pairs = [(layer, coeffs.get(layer.layer_name, 0.0)) for layer in self.layers]
        elif isinstance(coeffs, list | tuple) and len(coeffs) == len(self.layers):
            pairs = list(zip(self.layers, coeffs, strict=True))
        else:
            pairs = [(layer, coeffs) for layer in self.layers]
        terms = [getattr(layer, method)(coeff) for layer, coeff in pairs if coeff != 0.0]
        return sum(terms[1:], terms[0]) if terms else hyper(0.0)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """All layers' factors of the learning rate."""
        scalers: OrderedDict[Symbol, float] = OrderedDict()
        for layer in self.layers:
            scalers.update(layer.get_lr_scalers())
        return scalers

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Every layer's channels, `<layer name>_<channel>`."""
        channels: OrderedDict[str, Symbol] = OrderedDict()
        for place, (layer, own) in enumerate(self._inputs(state_below)):
            found = layer.get_layer_monitoring_channels(
                own,
                None if state is None else state[place],
                None if targets is None else targets[place],
            )
            channels.update((f"{layer.layer_name}_{name}", value) for name, value in found.items())
        return channels
