"""The multilayer perceptron: a stack of layers."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.dropout import apply_dropout
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.space import CompositeSpace, VectorSpace
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.utils.hyper import hyper
from pylearn2core.utils.names import check_names

if TYPE_CHECKING:
    from numpy.random import RandomState

    from pylearn2core.costs.cost import Cost
    from pylearn2core.models.mlp.layer import LayerOwner
    from pylearn2core.space import DataSpecs, Source, Space
    from pylearn2core.types import Array, Seed, Symbol

log = logging.getLogger(__name__)

DEFAULT_SEED = [2013, 1, 4]


class MLP(Layer):
    """A stack of layers; itself a layer, so one MLP can stand in another.

    layers: Layer objects from the input upwards, each with a name of its own.
    batch_size: the only batch size it takes; None for any.
    nvis: number of inputs; or input_space: the inputs' Space. Neither: the MLP stands in another.
    input_source, target_source: the dataset's sources that it reads.
    seed: of the generator that draws all initial weights, layer by layer; [2013, 1, 4] if None.
    layer_name: this MLP's name where it stands in another.
    monitor_targets: false for no channels that need targets.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        batch_size: int | None = None,
        input_space: Space | None = None,
        input_source: Source = "features",
        target_source: Source = "targets",
        nvis: int | None = None,
        seed: Seed | None = None,
        layer_name: str | None = None,
        monitor_targets: bool = True,
        extensions: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(extensions)
        self.layer_name = layer_name or ""
        self.seed = seed
        self.layers = _checked(layers)
        self.layer_names = {layer.layer_name for layer in self.layers}
        self.force_batch_size = self.batch_size = batch_size
        self.input_source, self.target_source = input_source, target_source
        self.monitor_targets = monitor_targets
        self.freeze_set: set[Any] = set()
        self._rng = np.random.RandomState(DEFAULT_SEED if seed is None else seed)
        for layer in self.layers:
            layer.set_mlp(self)
        if batch_size is not None:
            self.set_batch_size(batch_size)
        if nvis is not None and input_space is not None:
            raise ConfigError("MLP: give nvis or input_space, not both.")
        if nvis is not None:
            input_space = VectorSpace(nvis)
        if input_space is not None:
            self.set_input_space(input_space)

    # Layers -----------------------------------------------------------------------------------

    @property
    def rng(self) -> RandomState:
        """The generator of initial weights: the outermost MLP's."""
        owner: LayerOwner | None = self.mlp
        return self._rng if owner is None else owner.rng

    def set_mlp(self, mlp: LayerOwner) -> None:
        """Put this MLP into `mlp`, whose generator will draw its weights."""
        if self.seed is not None:
            log.info(
                "MLP %r stands in another MLP, which draws the initial weights: its own seed is "
                "not used.",
                self.layer_name,
            )
        super().set_mlp(mlp)

    def set_input_space(self, space: Space) -> None:
        """Set the input space of each layer, from the input upwards; draws all weights."""
        self.input_space = space
        for layer in self.layers:
            layer.set_input_space(space)
            space = layer.get_output_space()

    def add_layers(self, layers: Sequence[Layer]) -> None:
        """Put more layers on top."""
        new = _checked([*self.layers, *layers])[len(self.layers) :]
        for layer in new:
            layer.set_mlp(self)
            if "input_space" in self.__dict__:
                layer.set_input_space(self.layers[-1].get_output_space())
            self.layers.append(layer)
            self.layer_names.add(layer.layer_name)

    def get_output_space(self) -> Space:
        """The top layer's output space."""
        return self.layers[-1].get_output_space()

    def get_target_space(self) -> Space:
        """The top layer's target space."""
        return self.layers[-1].get_target_space()

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the layers the batch size."""
        self.batch_size = batch_size
        for layer in self.layers:
            layer.set_batch_size(batch_size)

    # Parameters -------------------------------------------------------------------------------

    def get_params(self) -> list[Symbol]:
        """The layers' parameters, from the input upwards, less the frozen ones."""
        self._check_init()
        params: dict[Any, None] = {}
        for layer in self.layers:
            params.update(dict.fromkeys(layer.get_params()))
        return [param for param in params if param not in self.freeze_set]

    def freeze(self, parameter_set: Iterable[Any]) -> None:
        """Leave these parameters out of get_params, so that they are not trained."""
        self.freeze_set = self.freeze_set.union(parameter_set)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """All layers' factors of the learning rate."""
        scalers: OrderedDict[Symbol, float] = OrderedDict()
        for layer in self.layers:
            for param, scale in layer.get_lr_scalers().items():
                if scalers.setdefault(param, scale) != scale:
                    raise ConfigError(
                        f"Two layers share the parameter {param} and scale its learning rate "
                        f"by {scalers[param]} and {scale}."
                    )
        return scalers

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def get_weight_decay(self, coeffs: Any) -> Symbol:
        """The sum of the layers' weight decays.

        coeffs: a map from layer names (those left out are free) or a list, one a layer; a
        nested MLP's coefficient is such a map or list itself.
        """
        return self._sum_of_decays("get_weight_decay", coeffs)

    def get_l1_weight_decay(self, coeffs: Any) -> Symbol:
        """The sum of the layers' L1 penalties; coeffs as in get_weight_decay."""
        return self._sum_of_decays("get_l1_weight_decay", coeffs)

    def _sum_of_decays(self, method: str, coeffs: Any) -> Symbol:
        by_name = self._coeffs_by_name(coeffs)
        terms = [
            getattr(layer, method)(by_name[layer.layer_name])
            for layer in self.layers
            if by_name.get(layer.layer_name, 0.0) != 0.0
        ]
        # A sum of its own, as the caller names it: one term may be another's variable.
        return sum(terms[1:], terms[0]) if terms else pt.zeros_like(hyper(0.0))

    def _coeffs_by_name(self, coeffs: Any) -> Mapping[str, Any]:
        names = [layer.layer_name for layer in self.layers]
        if isinstance(coeffs, Mapping):
            check_names(coeffs, names, "coeffs")
            return coeffs
        if not isinstance(coeffs, list | tuple) or len(coeffs) != len(names):
            raise ConfigError(
                f"coeffs must be a map from layer names, or a list of {len(names)} numbers "
                f"(one a layer: {', '.join(names)}), got {coeffs!r}."
            )
        return dict(zip(names, coeffs, strict=True))

    # Weights of the first layer, for pictures -------------------------------------------------

    def get_weights(self) -> Array:
        """The first layer's weights."""
        return self.layers[0].get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        """The first layer's format."""
        return self.layers[0].get_weights_format()

    def get_weights_topo(self) -> Array:
        """The first layer's weights as images."""
        return self.layers[0].get_weights_topo()

    def get_weights_view_shape(self) -> tuple[int, int]:
        """The first layer's grid of pictures."""
        return self.layers[0].get_weights_view_shape()

    # Forward ----------------------------------------------------------------------------------

    def fprop(self, state_below: Symbol, return_all: bool = False) -> Symbol:
        """The top layer's output for a batch of inputs; with return_all each layer's, a list."""
        states = []
        for layer in self.layers:
            state_below = layer.fprop(state_below)
            states.append(state_below)
        return states if return_all else states[-1]

    def dropout_fprop(
        self,
        state_below: Symbol,
        default_input_include_prob: float = 0.5,
        input_include_probs: Mapping[str, float] | None = None,
        default_input_scale: float = 2.0,
        input_scales: Mapping[str, float] | None = None,
        per_example: bool = True,
    ) -> Symbol:
        """The top layer's output where inputs of layers are left out; see costs.mlp.dropout."""
        probs, scales = input_include_probs or {}, input_scales or {}
        names = [layer.layer_name for layer in self.layers]
        check_names(probs, names, "input_include_probs")
        check_names(scales, names, "input_scales")
        stream = MRG_RandomStreams(max(int(self.rng.randint(2**15)), 1))
        batch_size = self.get_input_space().batch_size(state_below) if per_example else None
        for layer in self.layers:
            state_below = apply_dropout(
                state_below,
                probs.get(layer.layer_name, default_input_include_prob),
                scales.get(layer.layer_name, default_input_scale),
                stream,
                layer.get_input_space(),
                mask_value=layer.dropout_input_mask_value,
                batch_size=batch_size,
            )
            state_below = layer.fprop(state_below)
        return state_below

    def masked_fprop(
        self,
        state_below: Symbol,
        mask: int,
        masked_input_layers: Sequence[str] | None = None,
        default_input_scale: float = 2.0,
        input_scales: Mapping[str, float] | None = None,
    ) -> Symbol:
        """The top layer's output with one dropout mask; see `dropout_average.masked_fprop`."""
        from pylearn2core.models.mlp.dropout_average import masked_fprop

        return masked_fprop(
            self, state_below, mask, masked_input_layers, default_input_scale, input_scales
        )

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The top layer's cost of the outputs Y_hat where the targets are Y."""
        return self.layers[-1].cost(Y, Y_hat)

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The top layer's cost of each example and unit."""
        return self.layers[-1].cost_matrix(Y, Y_hat)

    def cost_from_cost_matrix(self, cost_matrix: Symbol) -> Symbol:
        """The top layer's cost from its cost matrix."""
        return self.layers[-1].cost_from_cost_matrix(cost_matrix)

    def cost_from_X(self, data: Symbol) -> Symbol:
        """The cost on data, the pair (inputs, targets)."""
        self.cost_from_X_data_specs()[0].validate(data)
        X, Y = data
        return self.cost(Y, self.fprop(X))

    def cost_from_X_data_specs(self) -> DataSpecs:
        """(space, source) of the data that cost_from_X takes."""
        space = CompositeSpace([self.get_input_space(), self.get_target_space()])
        return space, (self.get_input_source(), self.get_target_source())

    def get_default_cost(self) -> Cost:
        """The top layer's cost."""
        # Imported here: costs.mlp also holds dropout, which most models never need.
        from pylearn2core.costs.mlp import Default

        return Default()

    # Monitoring -------------------------------------------------------------------------------

    def get_monitoring_data_specs(self) -> DataSpecs:
        """Inputs and targets; inputs alone where monitor_targets is false."""
        if self.monitor_targets:
            return self.cost_from_X_data_specs()
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """Every layer's channels, `<layer name>_<channel>`."""
        X, Y = data if self.monitor_targets else (data, None)
        return self.get_layer_monitoring_channels(state_below=X, targets=Y)

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Every layer's channels; targets go to the top layer alone."""
        channels: OrderedDict[str, Symbol] = OrderedDict()
        for layer in self.layers:
            above = None if state_below is None else layer.fprop(state_below)
            own = layer.get_layer_monitoring_channels(
                state_below=state_below,
                state=above,
                targets=targets if layer is self.layers[-1] else None,
            )
            channels.update((f"{layer.layer_name}_{name}", value) for name, value in own.items())
            state_below = above
        return channels

    def __str__(self) -> str:
        lines = [
            f"{layer.layer_name}: {type(layer).__name__}, "
            f"{layer.get_input_space()} -> {layer.get_output_space()}"
            for layer in self.layers
        ]
        return "\n".join(lines)


def _checked(layers: Any) -> list[Layer]:
    """The layers as a list, each a Layer with a name of its own, in no MLP yet."""
    if not isinstance(layers, list | tuple) or not layers:
        raise ConfigError(f"MLP: layers must be a list of one or more layers, got {layers!r}.")
    names: set[str] = set()
    for place, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise ConfigError(f"MLP: layers[{place}] must be a Layer, got {layer!r}.")
        layer._check_init()
        name = getattr(layer, "layer_name", None)
        if not isinstance(name, str) or not name:
            raise ConfigError(
                f"MLP: layers[{place}], a {type(layer).__name__}, needs a layer_name, got {name!r}."
            )
        if name in names:
            raise ConfigError(f"MLP: two layers have the name {name!r}; give each its own.")
        names.add(name)
    return list(layers)
