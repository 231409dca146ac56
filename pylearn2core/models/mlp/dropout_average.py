"""Predictions of an MLP that was trained with dropout: means over its masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.engine.ops.softmax import softmax
from pylearn2core.errors import ConfigError
from pylearn2core.expr.nnet import arg_of_softmax
from pylearn2core.rng import make_np_rng
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import SeedOrRng, Symbol

# `mlp` is an MLP, which imports this module.
_MOST_UNITS = 16  # of whose masks all are tried


def masked_inputs(mlp: Any, masked_input_layers: Iterable[str] | None = None) -> dict[str, int]:
    """Layer name to the number of its inputs, of the layers that a mask is for; all if None.

    Raises ConfigError for a name that no layer has.
    """
    sizes = {
        layer.layer_name: int(layer.get_input_space().get_total_dimension()) for layer in mlp.layers
    }
    chosen = list(sizes) if masked_input_layers is None else list(masked_input_layers)
    unknown = sorted(set(chosen) - set(sizes))
    if unknown:
        raise ConfigError(f"masked_input_layers: there is no layer {', '.join(unknown)}.")
    return {name: size for name, size in sizes.items() if name in chosen}


def generate_dropout_mask(
    mlp: Any,
    default_include_prob: float = 0.5,
    input_include_probs: Mapping[str, float] | None = None,
    rng: SeedOrRng = (2013, 5, 17),
) -> int:
    """A mask as a number whose bits, from the lowest, say which inputs stay, layer by layer."""
    generator = make_np_rng(list(rng) if isinstance(rng, tuple) else rng, which_method="uniform")
    probs = input_include_probs or {}
    mask, place = 0, 0
    for name, size in masked_inputs(mlp).items():
        for _ in range(size):
            stays = generator.uniform() < probs.get(name, default_include_prob)
            mask, place = mask | (int(stays) << place), place + 1
    return mask


def masked_fprop(
    mlp: Any,
    state_below: Symbol,
    mask: int,
    masked_input_layers: Sequence[str] | None = None,
    default_input_scale: float = 2.0,
    input_scales: Mapping[str, float] | None = None,
) -> Symbol:
    """The top layer's output where the inputs whose bits are 0 are left out.

    mask: as `generate_dropout_mask` gives it, for the layers of masked_input_layers; all if None.
    default_input_scale, input_scales: by what the inputs that stay are multiplied.
    """
    sizes, scales = masked_inputs(mlp, masked_input_layers), input_scales or {}
    for layer in mlp.layers:
        size = sizes.get(layer.layer_name)
        if size is not None:
            bits = np.array([mask >> place & 1 for place in range(size)], dtype=np.float64)
            mask >>= size
            scale = scales.get(layer.layer_name, default_input_scale)
            state_below = state_below * hyper(bits * scale)
        state_below = layer.fprop(state_below)
    if mask:
        raise ConfigError(f"mask: there are {sum(sizes.values())} inputs, and it has more bits.")
    return state_below


def sampled_dropout_average(
    mlp: Any,
    inputs: Symbol,
    num_masks: int,
    default_input_include_prob: float = 0.5,
    input_include_probs: Mapping[str, float] | None = None,
    default_input_scale: float = 2.0,
    input_scales: Mapping[str, float] | None = None,
    rng: SeedOrRng = (2013, 5, 17),
    per_example: bool = False,
) -> Symbol:
    """The geometric mean of the outputs with num_masks random masks.

    rng: for Pylearn2's sake; the MLP's own generator seeds the masks.
    """
    outputs = [
        mlp.dropout_fprop(
            inputs,
            default_input_include_prob,
            input_include_probs,
            default_input_scale,
            input_scales,
            per_example,
        )
        for _ in range(num_masks)
    ]
    return geometric_mean_prediction(outputs)


def exhaustive_dropout_average(
    mlp: Any,
    inputs: Symbol,
    masked_input_layers: Sequence[str] | None = None,
    default_input_scale: float = 2.0,
    input_scales: Mapping[str, float] | None = None,
) -> Symbol:
    """The geometric mean of the outputs with each mask that there is, of few inputs."""
    units = sum(masked_inputs(mlp, masked_input_layers).values())
    if units > _MOST_UNITS:
        raise ConfigError(
            f"exhaustive_dropout_average: {units} inputs have 2^{units} masks, and at most "
            f"{_MOST_UNITS} are tried. Use sampled_dropout_average."
        )
    outputs = [
        masked_fprop(mlp, inputs, mask, masked_input_layers, default_input_scale, input_scales)
        for mask in range(2**units)
    ]
    return geometric_mean_prediction(outputs)


def geometric_mean_prediction(forward_props: Sequence[Symbol]) -> Symbol:
    """The normalised geometric mean of outputs of a softmax: the softmax of their mean logits."""
    return softmax(pt.stack([arg_of_softmax(output) for output in forward_props]).mean(axis=0))
