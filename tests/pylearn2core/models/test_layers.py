"""Layers' outputs, costs and channels, against NumPy written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit, log_softmax, softmax

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.mlp import (
    MLP,
    Layer,
    Linear,
    RectifiedLinear,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from pylearn2core.space import Conv2DSpace, IndexSpace, VectorSpace

X = np.random.RandomState(0).normal(size=(5, 4))
ONE_HOT = np.eye(3)[[0, 2, 1, 1, 0]]
BITS = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=float)


def one_layer(layer: Layer) -> tuple[MLP, Any, Any]:
    """An MLP of one layer on 4 inputs, with a bias that is not 0, and symbolic X and Y."""
    mlp = MLP(nvis=4, layers=[layer])
    if layer.b is not None:  # type: ignore[attr-defined]
        layer.set_biases(np.random.RandomState(1).normal(size=layer.get_biases().shape))
    return mlp, pt.matrix("X"), pt.matrix("Y")


def linear_part(layer: Any) -> Any:
    return X @ layer.get_weights() + layer.get_biases()


@pytest.mark.parametrize(
    ("cls", "kwargs", "function"),
    [
        (Linear, {}, lambda z: z),
        (Tanh, {}, np.tanh),
        (Sigmoid, {}, expit),
        (Softplus, {}, lambda z: np.log1p(np.exp(z))),
        (RectifiedLinear, {}, lambda z: np.maximum(z, 0)),
        (RectifiedLinear, {"left_slope": 0.1}, lambda z: np.where(z > 0, z, 0.1 * z)),
    ],
)
def test_dense_layers_apply_their_function(
    cls: Any, kwargs: Any, function: Any, evaluate: Any
) -> None:
    layer = cls(layer_name="h", dim=3, irange=1.0, **kwargs)
    mlp, x, _ = one_layer(layer)
    np.testing.assert_allclose(
        evaluate(mlp.fprop(x), {x: X}), function(linear_part(layer)), rtol=1e-13
    )


def test_copy_input_puts_the_input_after_the_units(evaluate: Any) -> None:
    layer = Linear(layer_name="h", dim=3, irange=1.0, copy_input=True)
    mlp, x, _ = one_layer(layer)
    assert mlp.get_output_space() == VectorSpace(7)
    expected = np.concatenate([linear_part(layer), X], axis=1)
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: X}), expected, rtol=1e-13)


def test_a_layer_without_bias_has_one_parameter(evaluate: Any) -> None:
    layer = Linear(layer_name="h", dim=3, irange=1.0, use_bias=False)
    mlp, x, _ = one_layer(layer)
    assert mlp.get_params() == [layer.W]
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: X}), X @ layer.get_weights())


def test_images_are_flattened_row_by_row_with_channels_last(evaluate: Any) -> None:
    layer = Linear(layer_name="h", dim=3, irange=1.0)
    space = Conv2DSpace(shape=[2, 1], num_channels=2, axes=("c", 0, 1, "b"))
    mlp = MLP(input_space=space, layers=[layer])
    images = np.random.RandomState(2).normal(size=(2, 2, 1, 5))
    batch = space.make_theano_batch()
    flat = images.transpose(3, 1, 2, 0).reshape(5, 4)
    np.testing.assert_allclose(
        evaluate(mlp.fprop(batch), {batch: images}), flat @ layer.get_weights()
    )
    topo = layer.get_weights_topo()
    np.testing.assert_array_equal(topo, layer.get_weights().T.reshape(3, 2, 1, 2))


@pytest.mark.parametrize(
    ("layer", "targets", "expected"),
    [
        (
            lambda: Linear(layer_name="y", dim=3, irange=1.0),
            BITS,
            lambda z: ((z - BITS) ** 2).sum(axis=1).mean(),
        ),
        (
            lambda: Linear(layer_name="y", dim=3, irange=1.0, use_abs_loss=True),
            BITS,
            lambda z: np.abs(z - BITS).sum(axis=1).mean(),
        ),
        (
            lambda: Sigmoid(layer_name="y", dim=3, irange=1.0),
            BITS,
            lambda z: -np.mean(BITS * np.log(expit(z)) + (1 - BITS) * np.log(expit(-z))),
        ),
        (
            lambda: Softmax(layer_name="y", n_classes=3, irange=1.0),
            ONE_HOT,
            lambda z: -(ONE_HOT * log_softmax(z, axis=1)).sum(axis=1).mean(),
        ),
        (
            lambda: Softmax(layer_name="y", n_classes=3, irange=1.0, non_redundant=True),
            ONE_HOT,
            lambda z: (
                -(ONE_HOT * log_softmax(np.insert(z, 0, 0.0, axis=1), axis=1)).sum(axis=1).mean()
            ),
        ),
    ],
)
def test_output_layers_costs_and_gradients(
    layer: Any, targets: Any, expected: Any, evaluate: Any, check_gradients: Any
) -> None:
    top = layer()
    mlp, x, y = one_layer(top)
    cost = mlp.cost_from_X((x, y))
    values = {x: X, y: targets}
    assert evaluate(cost, values) == pytest.approx(expected(linear_part(top)), rel=1e-12)
    check_gradients(cost, mlp.get_params(), values)


@pytest.mark.parametrize("cls", [Linear, Tanh, Sigmoid, RectifiedLinear, Softplus])
def test_hidden_layers_gradients_agree_with_finite_differences(
    cls: Any, check_gradients: Any
) -> None:
    hidden = cls(layer_name="h", dim=3, irange=1.0, init_bias=0.2)
    mlp, x, y = one_layer(hidden)
    mlp.add_layers([Softmax(layer_name="y", n_classes=3, irange=1.0)])
    check_gradients(mlp.cost_from_X((x, y)), mlp.get_params(), {x: X, y: ONE_HOT})


@pytest.mark.parametrize("cls", [Tanh, RectifiedLinear, Softplus])
def test_hidden_layers_have_no_cost_and_say_what_has(cls: Any) -> None:
    mlp, x, y = one_layer(cls(layer_name="h", dim=3, irange=1.0))
    with pytest.raises(UnsupportedError, match="end the MLP with a Softmax"):
        mlp.cost_from_X((x, y))


def test_the_slope_of_a_rectifier_at_zero_is_zero(evaluate: Any) -> None:
    z = pt.vector("z")
    from pylearn2core.models.mlp.elementwise import rectify

    for slope in (0.0, 0.1):
        grad = pytensor.grad(rectify(z, slope).sum(), z)
        np.testing.assert_allclose(
            evaluate(grad, {z: np.array([-2.0, 0.0, 2.0])}), [slope, 0.0, 1.0]
        )


def test_softmax_cost_is_finite_where_a_probability_underflows(evaluate: Any) -> None:
    top = Softmax(layer_name="y", n_classes=3, irange=0.0)
    mlp, x, y = one_layer(top)
    top.set_biases(np.array([0.0, 0.0, 2000.0]))
    values = {x: X[:1], y: np.array([[1.0, 0.0, 0.0]])}
    assert evaluate(mlp.cost_from_X((x, y)), values) == pytest.approx(2000.0)
    grads = evaluate(pytensor.grad(mlp.cost_from_X((x, y)), top.b), values)
    np.testing.assert_allclose(grads, [-1.0, 0.0, 1.0])


def test_sigmoid_cost_is_finite_where_a_unit_saturates(evaluate: Any) -> None:
    top = Sigmoid(layer_name="y", dim=1, irange=0.0)
    mlp, x, y = one_layer(top)
    top.set_biases(np.array([800.0]))
    assert evaluate(mlp.cost_from_X((x, y)), {x: X[:1], y: np.zeros((1, 1))}) == 800.0


def test_cost_refuses_what_fprop_did_not_make() -> None:
    for layer in (
        Softmax(layer_name="y", n_classes=3, irange=0.1),
        Sigmoid(layer_name="y", dim=3, irange=0.1),
    ):
        mlp, _, y = one_layer(layer)
        with pytest.raises(ConfigError, match="cost takes the output of fprop"):
            mlp.cost(y, pt.matrix("Y_hat"))


def test_cost_matrix_and_its_mean_are_the_cost(evaluate: Any) -> None:
    mlp, x, y = one_layer(Softmax(layer_name="y", n_classes=3, irange=1.0))
    out = mlp.fprop(x)
    matrix = mlp.cost_matrix(y, out)
    parts = evaluate(
        [matrix, mlp.cost_from_cost_matrix(matrix), mlp.cost(y, out)], {x: X, y: ONE_HOT}
    )
    assert parts[0].shape == (5, 3)
    assert parts[1] == pytest.approx(parts[2], rel=1e-13)


def test_labels_as_targets_give_the_cost_of_one_hot_targets(evaluate: Any) -> None:
    layer = Softmax(layer_name="y", n_classes=3, irange=1.0, binary_target_dim=1)
    mlp, x, _ = one_layer(layer)
    assert mlp.get_target_space() == IndexSpace(max_labels=3, dim=1)
    labels = mlp.get_target_space().make_theano_batch()
    values = {x: X, labels: ONE_HOT.argmax(axis=1)[:, None]}
    expected = -(ONE_HOT * log_softmax(linear_part(layer), axis=1)).sum(axis=1).mean()
    assert evaluate(mlp.cost_from_X((x, labels)), values) == pytest.approx(expected)
    channels = mlp.get_monitoring_channels((x, labels))
    assert evaluate(channels["y_nll"], values) == pytest.approx(expected)


def test_no_affine_is_the_softmax_of_the_input(evaluate: Any) -> None:
    mlp, x, _ = one_layer(Softmax(layer_name="y", n_classes=4, no_affine=True))
    assert mlp.get_params() == []
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: X}), softmax(X, axis=1))
    with pytest.raises(ConfigError, match="must have 3 features, got 4"):
        MLP(nvis=4, layers=[Softmax(layer_name="y", n_classes=3, no_affine=True)])


class Targets:
    def __init__(self, y: Any, y_labels: int | None = None) -> None:
        self.y, self.y_labels = y, y_labels


def test_first_biases_can_be_the_log_class_frequencies() -> None:
    logs = np.log([0.5, 0.25, 0.25])
    labels = np.array([[0], [0], [1], [2]])
    for dataset in (Targets(labels, 3), Targets(np.eye(3)[labels.ravel()])):
        layer = Softmax(layer_name="y", n_classes=3, irange=0.1, init_bias_target_marginals=dataset)
        np.testing.assert_allclose(layer.get_biases(), logs - logs.mean())
    with pytest.raises(ConfigError, match="each of the 4 classes"):
        Softmax(
            layer_name="y",
            n_classes=4,
            irange=0.1,
            init_bias_target_marginals=Targets(labels, 4),
        )


def test_unit_channels_are_a_statistic_of_units_of_a_statistic_of_rows(evaluate: Any) -> None:
    layer = Tanh(layer_name="h", dim=3, irange=1.0)
    mlp, x, _ = one_layer(layer)
    mlp.monitor_targets = False
    channels = mlp.get_monitoring_channels(x)
    got = dict(zip(channels, evaluate(list(channels.values()), {x: X}), strict=True))
    state, W = np.tanh(linear_part(layer)), layer.get_weights()
    over_rows = {
        "max": state.max(axis=0),
        "min": state.min(axis=0),
        "mean": state.mean(axis=0),
        "range": np.ptp(state, axis=0),
    }
    expected = {}
    for name, values in over_rows.items():
        for stat in ("max", "mean", "min"):
            expected[f"h_{name}_x_{stat}_u"] = getattr(values, stat)()
    for name, axis in (("row", 1), ("col", 0)):
        for stat in ("max", "mean", "min"):
            norms = np.linalg.norm(W, axis=axis)
            expected[f"h_{name}_norms_{stat}"] = getattr(norms, stat)()
    assert got == pytest.approx(expected)


def test_softmax_channels(evaluate: Any) -> None:
    layer = Softmax(layer_name="y", n_classes=3, irange=1.0)
    mlp, x, y = one_layer(layer)
    channels = mlp.get_monitoring_channels((x, y))
    got = dict(zip(channels, evaluate(list(channels.values()), {x: X, y: ONE_HOT}), strict=True))
    p = softmax(linear_part(layer), axis=1)
    top = p.max(axis=1)
    assert got["y_mean_max_class"] == pytest.approx(top.mean())
    assert got["y_max_max_class"] == pytest.approx(top.max())
    assert got["y_min_max_class"] == pytest.approx(top.min())
    assert got["y_misclass"] == np.mean(p.argmax(axis=1) != ONE_HOT.argmax(axis=1))
    assert got["y_nll"] == pytest.approx(-np.log((p * ONE_HOT).sum(axis=1)).mean())
    assert len(got) == 11


def test_sigmoid_detection_channels(evaluate: Any) -> None:
    layer = Sigmoid(layer_name="y", dim=3, irange=2.0)
    mlp, x, y = one_layer(layer)
    channels = mlp.get_monitoring_channels((x, y))
    got = dict(zip(channels, evaluate(list(channels.values()), {x: X, y: BITS}), strict=True))
    said = (expit(linear_part(layer)) > 0.5).astype(float)
    hits = (said * BITS).sum()
    precision, recall = hits / max(1.0, said.sum()), hits / max(1.0, BITS.sum())
    assert got["y_01_loss"] == np.mean(said != BITS)
    assert got["y_precision"] == pytest.approx(precision)
    assert got["y_recall"] == pytest.approx(recall)
    assert got["y_f1"] == pytest.approx(2 * precision * recall / max(1.0, precision + recall))
    per_unit = (said * BITS).sum(axis=0) / np.maximum(1.0, said.sum(axis=0))
    assert got["y_per_output_precision_mean"] == pytest.approx(per_unit.mean())
    assert got["y_per_output_recall_max"] == pytest.approx(
        ((said * BITS).sum(axis=0) / BITS.sum()).max()
    )
    assert "y_per_output_f1_min" in got
    z = linear_part(layer)
    assert got["y_kl"] == pytest.approx(np.mean(np.logaddexp(0, z) - BITS * z))


@pytest.mark.parametrize("style", ["one_hot_class", "bit_vector_class"])
def test_sigmoid_class_channels(style: str, evaluate: Any) -> None:
    layer = Sigmoid(layer_name="y", dim=3, irange=2.0, monitor_style=style)
    mlp, x, y = one_layer(layer)
    got = evaluate(mlp.get_monitoring_channels((x, y))["y_misclass"], {x: X, y: ONE_HOT})
    p = expit(linear_part(layer))
    by_class = np.mean(p.argmax(axis=1) != ONE_HOT.argmax(axis=1))
    by_bits = np.mean(((p > 0.5) != ONE_HOT).any(axis=1))
    assert got == (by_class if style == "one_hot_class" else by_bits)


def test_an_unknown_monitor_style_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be one of detection"):
        Sigmoid(layer_name="y", dim=3, irange=0.1, monitor_style="classification")


@pytest.mark.parametrize(
    ("kwargs", "axis", "low", "high"),
    [
        ({"max_col_norm": 0.8}, 0, 0.0, 0.8),
        ({"max_row_norm": 0.8}, 1, 0.0, 0.8),
        ({"max_col_norm": 0.8, "min_col_norm": 0.6}, 0, 0.6, 0.8),
        ({"min_col_norm": 0.9}, 0, 0.9, np.inf),
    ],
)
def test_norms_are_bounded_in_updates_and_at_the_start(
    kwargs: Any, axis: int, low: float, high: float, evaluate: Any
) -> None:
    layer = Tanh(layer_name="h", dim=6, irange=0.6, **kwargs)
    mlp, _, _ = one_layer(layer)
    W = layer.get_weights()
    norms = np.linalg.norm(W, axis=axis, keepdims=True)
    expected = W * np.clip(norms, low, high) / norms
    assert not np.allclose(W, expected)
    updates = {layer.W: layer.W * 1.0, layer.b: layer.b}
    mlp.modify_updates(updates)
    np.testing.assert_allclose(evaluate(updates[layer.W]), expected, rtol=1e-13)
    assert updates[layer.b] is layer.b
    mlp.enforce_constraints()
    np.testing.assert_allclose(layer.get_weights(), expected, rtol=1e-13)


def test_masked_weights_stay_zero() -> None:
    mask = np.zeros((4, 3))
    mask[1, 2] = 1.0
    layer = Tanh(layer_name="h", dim=3, irange=0.6, mask_weights=mask)
    mlp, _, _ = one_layer(layer)
    before = layer.get_weights()
    mlp.enforce_constraints()
    np.testing.assert_array_equal(layer.get_weights(), before * mask)


@pytest.mark.parametrize("floatX", ["float32", "float64"])
@pytest.mark.parametrize(
    "top",
    [
        lambda: Softmax(layer_name="y", n_classes=3, irange=0.1, max_col_norm=0.7),
        lambda: Sigmoid(layer_name="y", dim=3, irange=0.1, max_row_norm=0.7),
        lambda: Linear(layer_name="y", dim=3, irange=0.1, min_col_norm=0.1),
    ],
)
def test_nothing_leaves_floatX(floatX: str, top: Any) -> None:
    with pytensor.config.change_flags(floatX=floatX):
        mlp = MLP(
            nvis=4,
            layers=[
                RectifiedLinear(layer_name="h", dim=3, irange=0.1, left_slope=0.3),
                Softplus(layer_name="g", dim=3, irange=0.1, max_col_norm=1.3),
                top(),
            ],
        )
        x, y = pt.matrix("X"), pt.matrix("Y")
        cost = mlp.cost_from_X((x, y))
        decay = mlp.get_weight_decay({"h": 0.3}) + mlp.get_l1_weight_decay([0.1, 2, 0])
        channels = mlp.get_monitoring_channels((x, y))
        updates = {param: param * 1 for param in mlp.get_params()}
        mlp.modify_updates(updates)
        found = {cost.dtype, decay.dtype}
        found |= {value.dtype for value in [*channels.values(), *updates.values()]}
    assert found == {floatX}
