"""Means over dropout masks, held against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest
import scipy.special

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import (
    MLP,
    Linear,
    Softmax,
    exhaustive_dropout_average,
    generate_dropout_mask,
    geometric_mean_prediction,
    sampled_dropout_average,
)
from pylearn2core.utils import sharedX

X = np.random.RandomState(0).normal(size=(5, 4))


def value(output: Any) -> Any:
    # As it is written: merged, a sum has more terms than a ufunc takes.
    return pytensor.function([], output, mode=pytensor.Mode(linker="py", optimizer=None))()


def one_softmax() -> MLP:
    return MLP(nvis=4, layers=[Softmax(n_classes=3, layer_name="y", irange=1.0)])


def test_the_mean_over_all_masks_of_a_softmax_is_the_softmax_without_any() -> None:
    # Each input stays in half of the masks, and is doubled there.
    mlp = one_softmax()
    expected = scipy.special.softmax(X @ mlp.layers[0].get_weights(), axis=1)
    np.testing.assert_allclose(value(exhaustive_dropout_average(mlp, sharedX(X))), expected)


def test_a_mask_s_bits_say_which_inputs_stay() -> None:
    hidden = Linear(dim=2, layer_name="h", irange=1.0)
    mlp = MLP(nvis=4, layers=[hidden, Softmax(n_classes=3, layer_name="y", irange=1.0)])
    W, V = hidden.get_weights(), mlp.layers[1].get_weights()
    h = (3.0 * X * [1, 0, 1, 1]) @ W * [0, 2.0]
    found = mlp.masked_fprop(sharedX(X), 0b10_1101, input_scales={"h": 3.0})
    np.testing.assert_allclose(value(found), scipy.special.softmax(h @ V, axis=1))
    in_order = mlp.masked_fprop(sharedX(X), 0b10_1101, None, 2.0, {"h": 3.0})
    np.testing.assert_allclose(value(in_order), value(found))
    top = mlp.masked_fprop(sharedX(X), 0b01, masked_input_layers=["y"])
    logits = (X @ W * [2.0, 0]) @ V
    np.testing.assert_allclose(value(top), scipy.special.softmax(logits, axis=1))
    with pytest.raises(ConfigError, match="there are 6 inputs, and it has more bits"):
        mlp.masked_fprop(sharedX(X), 1 << 6)
    with pytest.raises(ConfigError, match="there is no layer z"):
        mlp.masked_fprop(sharedX(X), 0, masked_input_layers=["z"])


def test_masks_keep_inputs_with_their_probabilities() -> None:
    mlp = one_softmax()
    assert generate_dropout_mask(mlp, default_include_prob=1.0) == 0b1111
    assert generate_dropout_mask(mlp, input_include_probs={"y": 0.0}) == 0
    rng = np.random.RandomState(3)
    shares = np.mean([generate_dropout_mask(mlp, rng=rng) & 1 for _ in range(2000)])
    assert shares == pytest.approx(0.5, abs=0.04)


def test_sampled_masks_come_near_the_mean_over_all() -> None:
    mlp = one_softmax()
    expected = np.log(scipy.special.softmax(X @ mlp.layers[0].get_weights(), axis=1))
    found = np.log(value(sampled_dropout_average(mlp, sharedX(X), 200)))
    np.testing.assert_allclose(found, expected, atol=0.5)
    wide = MLP(nvis=20, layers=[Softmax(n_classes=3, layer_name="y", irange=1.0)])
    with pytest.raises(ConfigError, match=r"20 inputs have 2\^20 masks"):
        exhaustive_dropout_average(wide, sharedX(np.zeros((1, 20))))


def test_predictions_are_averaged_geometrically() -> None:
    outputs = [pytensor.tensor.special.softmax(sharedX(z), axis=1) for z in (X, 3 * X)]
    mean = np.sqrt(scipy.special.softmax(X, axis=1) * scipy.special.softmax(3 * X, axis=1))
    expected = mean / mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value(geometric_mean_prediction(outputs)), expected)
