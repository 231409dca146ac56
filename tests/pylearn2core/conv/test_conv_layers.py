"""Convolutional layers: outputs, draws, constraints and channels, against NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.signal import convolve2d
from scipy.special import expit

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.mlp import (
    MLP,
    ConvElemwise,
    ConvNonlinearity,
    ConvRectifiedLinear,
    IdentityConvNonlinearity,
    RectifierConvNonlinearity,
    SigmoidConvNonlinearity,
    Softmax,
    TanhConvNonlinearity,
)
from pylearn2core.space import Conv2DSpace

IMAGES = np.random.RandomState(0).randn(3, 5, 4, 2)  # batch, rows, columns, channels
SPACE = Conv2DSpace((5, 4), num_channels=2)


def layer(**kwargs: Any) -> ConvElemwise:
    arguments: dict[str, Any] = {
        "layer_name": "h",
        "output_channels": 3,
        "kernel_shape": (2, 2),
        "nonlinearity": IdentityConvNonlinearity(),
        "irange": 1.0,
    }
    return ConvElemwise(**{**arguments, **kwargs})


def in_mlp(one: ConvElemwise, space: Any = SPACE) -> tuple[MLP, Any]:
    """An MLP of this layer, with biases that are not 0, and the symbolic images."""
    mlp = MLP(input_space=space, layers=[one])
    one.set_biases(np.random.RandomState(1).randn(*one.get_biases().shape))
    return mlp, space.make_theano_batch()


def value(output: Any, images: Any, array: Any = IMAGES) -> Any:
    return pytensor.function([images], output, mode="FAST_COMPILE")(array)


def linear_part(one: ConvElemwise, mode: str = "valid") -> Any:
    """The convolution and the bias, axes (b, c, 0, 1)."""
    biases = one.get_biases()
    if biases.ndim == 1:
        biases = biases[:, None, None]
    kernels = one.get_weights()
    return np.array(
        [
            [sum(convolve2d(i[..., c], k[c], mode) for c in range(2)) for k in kernels] + biases
            for i in IMAGES
        ]
    )


@pytest.mark.parametrize("mode", ["valid", "full"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    ("nonlinearity", "function"),
    [
        (IdentityConvNonlinearity(), lambda z: z),
        (RectifierConvNonlinearity(), lambda z: np.maximum(z, 0)),
        (RectifierConvNonlinearity(left_slope=0.1), lambda z: np.where(z > 0, z, 0.1 * z)),
        (SigmoidConvNonlinearity(), expit),
        (TanhConvNonlinearity(), np.tanh),
    ],
)
def test_a_layer_is_a_function_of_a_convolution_and_a_bias(
    nonlinearity: Any, function: Any, tied: bool, mode: str
) -> None:
    one = layer(nonlinearity=nonlinearity, border_mode=mode, tied_b=tied)
    mlp, images = in_mlp(one)
    found = value(mlp.fprop(images), images)
    np.testing.assert_allclose(found, function(linear_part(one, mode)), rtol=1e-12)
    assert one.get_biases().shape == ((3,) if tied else found.shape[1:])
    assert mlp.get_output_space() == Conv2DSpace(
        found.shape[2:], num_channels=3, axes=("b", "c", 0, 1)
    )


@pytest.mark.parametrize(("pool_type", "reduce"), [("max", np.max), ("mean", np.mean)])
def test_what_is_pooled_and_what_is_put_out_may_be_normalized(pool_type: str, reduce: Any) -> None:
    one = layer(
        pool_type=pool_type,
        pool_shape=[2, 3],
        pool_stride=[2, 3],
        detector_normalization=lambda d: d * 2.0,
        output_normalization=lambda p: p + 1.0,
    )
    mlp, images = in_mlp(one)
    z = linear_part(one)  # 4 x 3: two pools, one above the other
    pools = [reduce(z[:, :, rows] * 2, axis=(2, 3)) for rows in (slice(0, 2), slice(2, 4))]
    expected = np.stack(pools, axis=2)[..., None] + 1
    np.testing.assert_allclose(value(mlp.fprop(images), images), expected, rtol=1e-12)
    assert one.get_output_space().shape == (2, 1)


def test_a_strided_kernel_leaves_places_out() -> None:
    one = layer(kernel_stride=(2, 1), tied_b=True)
    mlp, images = in_mlp(one)
    found = value(mlp.fprop(images), images)
    np.testing.assert_allclose(found, linear_part(one)[:, :, ::2], rtol=1e-12)


@pytest.mark.parametrize("axes", [("c", 0, 1, "b"), ("b", "c", 0, 1), (1, "b", "c", 0)])
def test_images_may_come_in_any_order_of_axes(axes: Any) -> None:
    space = Conv2DSpace((5, 4), num_channels=2, axes=axes)
    one = layer()
    mlp, images = in_mlp(one, space)
    array = Conv2DSpace.convert_numpy(IMAGES, ("b", 0, 1, "c"), axes)
    found = value(mlp.fprop(images), images, array)
    np.testing.assert_allclose(found, linear_part(one), rtol=1e-12)


def test_the_layer_above_sees_rows_then_columns_then_channels() -> None:
    one, top = layer(), Softmax(layer_name="y", n_classes=2, irange=0.1)
    mlp = MLP(input_space=SPACE, layers=[one, top])
    images = SPACE.make_theano_batch()
    flat = linear_part(one).transpose(0, 2, 3, 1).reshape(3, -1)
    z = flat @ top.get_weights()
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value(mlp.fprop(images), images), expected, rtol=1e-12)


# ------------------------------------------------------------ first weights
def test_kernels_are_drawn_in_one_go_from_the_mlps_generator() -> None:
    one = layer()
    MLP(input_space=SPACE, layers=[one], seed=[1, 2])
    expected = np.random.RandomState([1, 2]).uniform(-1.0, 1.0, (3, 2, 2, 2))
    np.testing.assert_array_equal(one.get_weights(), expected)
    np.testing.assert_array_equal(one.get_weights_topo(), expected.transpose(0, 2, 3, 1))


def test_weights_may_be_left_out_at_random() -> None:
    one = layer(output_channels=500, include_prob=0.25)
    MLP(input_space=SPACE, layers=[one])
    kept = np.mean(one.get_weights() != 0)
    assert kept == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 4000))


def test_sparse_kernels_have_that_many_weights_each() -> None:
    one = layer(irange=None, sparse_init=3)
    MLP(input_space=SPACE, layers=[one])
    assert (one.get_weights() != 0).sum(axis=(1, 2, 3)).tolist() == [3, 3, 3]


def test_first_biases_are_a_number_or_an_array() -> None:
    one, other = layer(init_bias=0.5), layer(tied_b=True, init_bias=[1.0, 2.0, 3.0])
    for each in (one, other):
        MLP(input_space=SPACE, layers=[each])
    np.testing.assert_array_equal(one.get_biases(), np.full((3, 4, 3), 0.5))
    np.testing.assert_array_equal(other.get_biases(), [1.0, 2.0, 3.0])
    with pytest.raises(ConfigError, match=r"an array of shape \(3, 4, 3\), got one of shape"):
        MLP(input_space=SPACE, layers=[layer(init_bias=[1.0, 2.0])])


# ------------------------------------------------------------ training
@pytest.mark.parametrize("pool_type", ["max", "mean", None])
def test_gradients_agree_with_finite_differences(pool_type: str | None, slopes: Any) -> None:
    one = ConvRectifiedLinear(
        layer_name="h",
        output_channels=2,
        kernel_shape=(2, 2),
        pool_shape=(2, 2),
        pool_stride=(1, 2),
        pool_type=pool_type,
        irange=1.0,
        left_slope=0.1,
    )
    top = Softmax(layer_name="y", n_classes=2, irange=0.1)
    mlp = MLP(input_space=SPACE, layers=[one, top])
    cost = mlp.cost_from_X((pytensor.shared(IMAGES), pytensor.shared(np.eye(2)[[0, 1, 1]])))
    grads = pytensor.function([], pytensor.grad(cost, [one.W, one.b]), mode="FAST_COMPILE")()
    for param, grad in zip((one.W, one.b), grads, strict=True):
        np.testing.assert_allclose(grad, slopes(cost, param), rtol=1e-5, atol=1e-8)


def test_kernel_norms_are_bounded_over_all_channels_of_a_kernel() -> None:
    one = layer(max_kernel_norm=0.7)
    mlp = MLP(input_space=SPACE, layers=[one])
    before = one.get_weights()
    norms = np.sqrt((before**2).sum(axis=(1, 2, 3)))
    assert norms.min() > 0.7
    mlp.enforce_constraints()
    np.testing.assert_allclose(one.get_weights(), before * (0.7 / norms)[:, None, None, None])


def test_decays_and_learning_rate_factors() -> None:
    one = layer(W_lr_scale=0.5, b_lr_scale=2.0)
    mlp = MLP(input_space=SPACE, layers=[one])
    assert dict(mlp.get_lr_scalers()) == {one.W: 0.5, one.b: 2.0}
    weights = one.get_weights()
    decays = [mlp.get_weight_decay({"h": 0.3}), mlp.get_l1_weight_decay([0.2])]
    found = pytensor.function([], decays, mode="FAST_COMPILE")()
    np.testing.assert_allclose(found, [0.3 * (weights**2).sum(), 0.2 * np.abs(weights).sum()])
    assert [param.name for param in mlp.get_params()] == ["h_W", "h_b"]


def test_a_sigmoid_layer_has_the_mean_cross_entropy_as_its_cost(slopes: Any) -> None:
    one = layer(nonlinearity=SigmoidConvNonlinearity())
    mlp, _ = in_mlp(one)
    bits = np.random.RandomState(2).randint(0, 2, (3, 3, 4, 3)).astype(float)
    cost = mlp.cost_from_X((pytensor.shared(IMAGES), pytensor.shared(bits)))
    z = linear_part(one)
    expected = -np.mean(bits * np.log(expit(z)) + (1 - bits) * np.log(expit(-z)))
    found, grad = pytensor.function([], [cost, pytensor.grad(cost, one.W)], mode="FAST_COMPILE")()
    assert found == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(grad, slopes(cost, one.W), rtol=1e-5, atol=1e-8)


def test_other_layers_have_no_cost_and_say_what_has() -> None:
    mlp, images = in_mlp(layer())
    with pytest.raises(UnsupportedError, match=r"IdentityConvNonlinearity has no cost.*Softmax"):
        mlp.cost_from_X((images, mlp.get_target_space().make_theano_batch()))


# ------------------------------------------------------------ channels
def channels_of(mlp: MLP, images: Any, targets: Any) -> dict[str, float]:
    Y = mlp.get_target_space().make_theano_batch()
    channels = mlp.get_monitoring_channels((images, Y))
    found = pytensor.function(
        [images, Y], list(channels.values()), mode="FAST_COMPILE", on_unused_input="ignore"
    )
    return dict(zip(channels, map(float, found(IMAGES, targets)), strict=True))


def test_channels_are_norms_of_kernels_and_statistics_of_units() -> None:
    one = layer(nonlinearity=TanhConvNonlinearity())
    mlp, images = in_mlp(one)
    state = np.tanh(linear_part(one))
    got = channels_of(mlp, images, np.zeros_like(state))
    norms = np.sqrt((one.get_weights() ** 2).sum(axis=(1, 2, 3)))
    expected = {f"h_kernel_norms_{s}": getattr(norms, s)() for s in ("min", "mean", "max")}
    over_examples = {
        "max": state.max(axis=0),
        "min": state.min(axis=0),
        "mean": state.mean(axis=0),
        "range": np.ptp(state, axis=0),
    }
    for name, units in over_examples.items():
        for stat in ("max", "mean", "min"):
            expected[f"h_{name}_x_{stat}_u"] = getattr(units, stat)()
    assert got == pytest.approx(expected, rel=1e-10)


def test_an_output_layers_channels() -> None:
    bits = np.random.RandomState(2).randint(0, 2, (3, 3, 4, 3)).astype(float)
    by_class = layer(nonlinearity=SigmoidConvNonlinearity())
    mlp, images = in_mlp(by_class)
    said = (linear_part(by_class) > 0).astype(float)
    got = channels_of(mlp, images, bits)
    assert got["h_misclass"] == pytest.approx(np.mean((said != bits).any(axis=1)))

    detection = layer(nonlinearity=SigmoidConvNonlinearity(monitor_style="detection"))
    mlp, images = in_mlp(detection)
    got = channels_of(mlp, images, bits)
    hits = (said * bits).sum()
    precision, recall = hits / said.sum(), hits / bits.sum()
    assert got["h_01_loss"] == pytest.approx(np.mean(said != bits))
    assert got["h_precision"] == pytest.approx(precision)
    assert got["h_recall"] == pytest.approx(recall)
    assert got["h_f1"] == pytest.approx(2 * precision * recall / max(1.0, precision + recall))
    z = linear_part(detection)
    assert got["h_kl"] == pytest.approx(np.mean(np.logaddexp(0, z) - bits * z))
    each = (said * bits).sum(axis=(0, 1)) / np.maximum(1.0, said.sum(axis=(0, 1)))
    assert got["h_per_output_precision_max"] == pytest.approx(each.max())
    assert "h_misclass" not in got


# ------------------------------------------------------------ mistakes
@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"irange": None}, "expected exactly one of irange, istdev and sparse_init"),
        ({"sparse_init": 2}, "expected exactly one of irange, istdev and sparse_init"),
        ({"pool_type": "min"}, "layer 'h': pool_type must be max, mean or null, got 'min'"),
        ({"pool_type": "max"}, "layer 'h': max pooling needs pool_shape"),
        ({"pool_type": "max", "pool_shape": (2, 2)}, "max pooling needs pool_stride"),
        ({"monitor_style": "both"}, "layer 'h': monitor_style must be one of classification"),
    ],
)
def test_arguments_that_contradict_are_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        layer(**kwargs)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"kernel_shape": (6, 2)}, "layer 'h': a kernel of 6 x 2 does not fit into images of 5"),
        ({"kernel_shape": 3}, r"layer 'h': kernel_shape: expected two numbers"),
        ({"border_mode": "same"}, "layer 'h': border_mode: expected 'valid' or 'full'"),
        (
            {"pool_type": "max", "pool_shape": (2, 4), "pool_stride": (1, 1)},
            "layer 'h': pools of 2 x 4 are larger than the 4 x 3 values",
        ),
    ],
)
def test_what_does_not_fit_the_images_is_refused(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MLP(input_space=SPACE, layers=[layer(**kwargs)])


def test_vectors_are_refused_with_what_to_give() -> None:
    with pytest.raises(ConfigError, match=r"layer 'h': .*got VectorSpace.*input_space in place"):
        MLP(nvis=20, layers=[layer()])


def test_a_nonlinearity_of_the_users_own() -> None:
    class Square(ConvNonlinearity):
        def apply(self, linear_response: Any) -> Any:
            return pt.sqr(linear_response)

    one = layer(nonlinearity=Square())
    mlp, images = in_mlp(one)
    np.testing.assert_allclose(value(mlp.fprop(images), images), linear_part(one) ** 2, rtol=1e-12)
    with pytest.raises(UnsupportedError, match="ConvNonlinearity does not implement apply"):
        MLP(input_space=SPACE, layers=[layer(nonlinearity=ConvNonlinearity())]).fprop(images)
