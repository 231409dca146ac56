"""Maxout, dropout, LinearGaussian and the layers that wrap others, against NumPy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import log_softmax

from pylearn2core.costs.mlp.dropout import Dropout
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.autoencoder import Autoencoder
from pylearn2core.models.maxout import Maxout
from pylearn2core.models.mlp import (
    MLP,
    CompositeLayer,
    FlattenerLayer,
    Linear,
    LinearGaussian,
    PretrainedLayer,
    Softmax,
    SpaceConverter,
    Tanh,
    beta_from_targets,
    mean_of_targets,
)
from pylearn2core.space import CompositeSpace, Conv2DSpace, VectorSpace

X = np.random.RandomState(0).normal(size=(5, 4))
ONE_HOT = np.eye(3)[[0, 2, 1, 1, 0]]
REALS = np.random.RandomState(3).normal(size=(5, 3))


# Maxout ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("min_zero", [False, True])
def test_maxout_takes_the_largest_of_neighbouring_columns(min_zero: bool, evaluate: Any) -> None:
    layer = Maxout("h", num_units=3, num_pieces=2, irange=1.0, min_zero=min_zero)
    mlp = MLP(nvis=4, layers=[layer])
    x = pt.matrix("X")
    layer.set_biases(np.arange(6) / 10)
    z = (X @ layer.get_weights() + layer.get_biases()).reshape(5, 3, 2)
    expected = np.maximum(z.max(axis=2), 0 if min_zero else -np.inf)
    assert mlp.get_output_space() == VectorSpace(3)
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: X}), expected, rtol=1e-13)


def test_maxout_draws_like_the_linear_family() -> None:
    rng = np.random.RandomState([2013, 1, 4])
    expected = rng.uniform(-0.5, 0.5, (4, 6)) * (rng.uniform(0, 1, (4, 6)) < 1.0)
    layer = Maxout("h", num_units=3, num_pieces=2, irange=0.5)
    MLP(nvis=4, layers=[layer])
    np.testing.assert_array_equal(layer.get_weights(), expected)
    assert [param.name for param in layer.get_params()] == ["h_W", "h_b"]


def test_pools_may_overlap(evaluate: Any) -> None:
    layer = Maxout("h", num_units=3, num_pieces=2, pool_stride=1, irange=1.0)
    mlp = MLP(nvis=4, layers=[layer])
    x = pt.matrix("X")
    z = X @ layer.get_weights()
    np.testing.assert_allclose(
        evaluate(mlp.fprop(x), {x: X}), np.maximum(z[:, :-1], z[:, 1:]), rtol=1e-13
    )
    assert mlp.get_output_space() == VectorSpace(5)
    with pytest.raises(ConfigError, match="pool_stride must be between 1 and num_pieces"):
        Maxout("h", num_units=3, num_pieces=2, pool_stride=3, irange=1.0)


def test_random_pools_are_of_columns(evaluate: Any) -> None:
    layer = Maxout("h", num_units=3, num_pieces=2, randomize_pools=True, irange=1.0)
    mlp = MLP(nvis=4, layers=[layer])
    x = pt.matrix("X")
    z = (X @ layer.get_weights())[:, layer.permutation].reshape(5, 3, 2)
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: X}), z.max(axis=2), rtol=1e-13)


def test_maxout_gradients_agree_with_finite_differences(check_gradients: Any) -> None:
    mlp = MLP(
        nvis=4,
        layers=[
            Maxout("h", num_units=3, num_pieces=2, irange=1.0),
            Softmax(layer_name="y", n_classes=3, irange=1.0),
        ],
    )
    x, y = pt.matrix("X"), pt.matrix("Y")
    check_gradients(mlp.cost_from_X((x, y)), mlp.get_params(), {x: X, y: ONE_HOT})


# Dropout --------------------------------------------------------------------------------------


def dropped(output: Any, x: Any, times: int) -> Any:
    """The output for X as many times as asked for, each with new noise."""
    run = pytensor.function([x], output, mode="FAST_COMPILE")
    return np.array([run(np.ones((50, 4))) for _ in range(times)])


def one_linear() -> MLP:
    mlp = MLP(nvis=4, layers=[Linear(layer_name="y", dim=4, irange=0.1)])
    mlp.layers[0].set_weights(np.eye(4))
    return mlp


def test_dropout_keeps_each_input_with_its_probability_and_scales_it() -> None:
    x = pt.matrix("X")
    out = one_linear().dropout_fprop(x, default_input_include_prob=0.8, default_input_scale=1.25)
    values = dropped(out, x, 20)
    assert sorted(np.unique(values)) == [0.0, 1.25]
    # 4,000 draws: the standard error of the share is 0.0063.
    assert np.mean(values > 0) == pytest.approx(0.8, abs=0.026)
    assert not np.array_equal(values[0], values[1])


def test_dropout_by_layer_name_overrides_the_defaults() -> None:
    x = pt.matrix("X")
    mlp = one_linear()
    out = mlp.dropout_fprop(x, input_include_probs={"y": 1.0})
    np.testing.assert_array_equal(dropped(out, x, 1)[0], np.ones((50, 4)))
    out = mlp.dropout_fprop(x, input_scales={"y": 3.0})
    assert sorted(np.unique(dropped(out, x, 1))) == [0.0, 3.0]
    with pytest.raises(ConfigError, match="input_include_probs: there is no layer 'h'"):
        mlp.dropout_fprop(x, input_include_probs={"h": 1.0})
    with pytest.raises(ConfigError, match=r"must be in \(0, 1\]"):
        mlp.dropout_fprop(x, default_input_include_prob=1.5)


def test_one_mask_for_the_whole_batch() -> None:
    x = pt.matrix("X")
    values = dropped(one_linear().dropout_fprop(x, per_example=False), x, 20)
    assert (values == values[:, :1]).all()
    assert 0 < np.mean(values > 0) < 1


def test_each_dropout_pass_draws_one_seed_from_the_mlps_generator() -> None:
    mlp, twin = one_linear(), one_linear()
    mlp.dropout_fprop(pt.matrix())
    twin.rng.randint(2**15)
    assert mlp.rng.randint(2**30) == twin.rng.randint(2**30)


def test_the_dropout_cost_is_the_mlps_cost_on_average() -> None:
    mlp = one_linear()
    x, y = pt.matrix("X"), pt.matrix("Y")
    cost = Dropout(default_input_include_prob=0.5, default_input_scale=2.0)
    assert cost.is_stochastic()
    assert cost.supervised
    run = pytensor.function([x, y], cost.expr(mlp, (x, y)), mode="FAST_COMPILE")
    values = [run(np.ones((50, 4)), np.ones((50, 4))) for _ in range(20)]
    # Each output is 0 or 2 where 1 is wanted: the squared error is 1 whatever is dropped.
    np.testing.assert_allclose(values, 4.0)


# LinearGaussian -------------------------------------------------------------------------------


def gaussian(**kwargs: Any) -> tuple[MLP, LinearGaussian]:
    layer = LinearGaussian(
        **(
            {
                "layer_name": "y",
                "dim": 3,
                "irange": 1.0,
                "init_beta": np.array([0.5, 1.0, 2.0]),
                "min_beta": 0.8,
                "max_beta": 1.5,
            }
            | kwargs
        )
    )
    return MLP(nvis=4, layers=[layer]), layer


def test_linear_gaussian_cost_gradients_and_channels(evaluate: Any, check_gradients: Any) -> None:
    mlp, layer = gaussian(beta_lr_scale=0.1)
    x, y = pt.matrix("X"), pt.matrix("Y")
    beta = layer.beta.get_value()
    out = X @ layer.get_weights()
    misfit = ((REALS - out) ** 2 @ beta).mean()
    expected = 0.5 * misfit - 0.5 * np.log(beta).sum()
    values = {x: X, y: REALS}
    cost = mlp.cost_from_X((x, y))
    assert evaluate(cost, values) == pytest.approx(expected, rel=1e-12)
    check_gradients(cost, mlp.get_params(), values)
    assert [param.name for param in mlp.get_params()] == ["y_W", "y_b", "beta"]
    assert mlp.get_lr_scalers() == {layer.beta: 0.1}
    channels = mlp.get_monitoring_channels((x, y))
    assert evaluate(channels["y_mse"], values) == pytest.approx(((REALS - out) ** 2).mean())
    assert evaluate(channels["y_beta_max"], values) == 2.0


def test_beta_is_brought_within_its_bounds() -> None:
    mlp, layer = gaussian()
    mlp.enforce_constraints()
    np.testing.assert_allclose(layer.beta.get_value(), [0.8, 1.0, 1.5])
    with pytest.raises(ConfigError, match="0 < min_beta <= max_beta"):
        gaussian(min_beta=2.0)
    with pytest.raises(ConfigError, match=r"an array of shape \(3,\)"):
        gaussian(init_beta=[1.0])
    with pytest.raises(UnsupportedError, match="cost_matrix"):
        layer.cost_matrix(None, None)


def test_first_beta_and_biases_from_a_datasets_targets() -> None:
    targets = np.array([[0.0, 1.0], [2.0, 1.0]])
    dataset = SimpleNamespace(get_targets=lambda: targets)
    np.testing.assert_array_equal(mean_of_targets(dataset), [1.0, 1.0])
    np.testing.assert_allclose(beta_from_targets(dataset, min_var=0.25), [1.0, 4.0])


# Layers that wrap others ----------------------------------------------------------------------


def side_by_side(**kwargs: Any) -> CompositeLayer:
    return CompositeLayer(
        "both",
        [
            Softmax(layer_name="a", n_classes=3, irange=1.0),
            Linear(layer_name="b", dim=3, irange=1.0),
        ],
        **kwargs,
    )


def test_a_composite_layer_adds_up_its_layers_costs(evaluate: Any, check_gradients: Any) -> None:
    both = side_by_side()
    mlp = MLP(nvis=4, layers=[both])
    space, _ = mlp.cost_from_X_data_specs()
    x, (y, z) = space.make_theano_batch()
    values = {x: X, y: ONE_HOT, z: REALS}
    a, b = (layer.get_weights() for layer in both.layers)
    expected = -(ONE_HOT * log_softmax(X @ a, axis=1)).sum(axis=1).mean()
    expected += ((X @ b - REALS) ** 2).sum(axis=1).mean()
    cost = mlp.cost_from_X((x, (y, z)))
    assert evaluate(cost, values) == pytest.approx(expected, rel=1e-12)
    check_gradients(cost, mlp.get_params(), values)
    names = [param.name for param in mlp.get_params()]
    assert names == ["b_W", "b_b", "softmax_b", "softmax_W"]
    channels = mlp.get_monitoring_channels((x, (y, z)))
    assert {"both_a_misclass", "both_b_col_norms_max"} <= set(channels)
    decay = mlp.get_weight_decay({"both": {"a": 0.5}})
    assert evaluate(decay) == pytest.approx(0.5 * (a**2).sum())
    assert evaluate(mlp.get_weight_decay([[0.0, 2.0]])) == pytest.approx(2.0 * (b**2).sum())


def test_parts_of_the_input_go_where_they_are_sent(evaluate: Any) -> None:
    both = side_by_side(inputs_to_layers={0: [0, 1], 1: [1]})
    space = CompositeSpace([VectorSpace(4), VectorSpace(2)])
    mlp = MLP(input_space=space, input_source=("one", "two"), layers=[both])
    x, w = space.make_theano_batch()
    more = np.random.RandomState(5).normal(size=(5, 2))
    _, b = evaluate(list(mlp.fprop((x, w))), {x: X, w: more})
    weights = both.layers[1].get_weights()
    np.testing.assert_allclose(b, np.concatenate([X, more], axis=1) @ weights, rtol=1e-12)


def test_routes_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(ConfigError, match="to layer 2, but there are 2"):
        side_by_side(inputs_to_layers={0: [0, 2]})
    starving = side_by_side(inputs_to_layers={0: [0], 1: [0]})
    space = CompositeSpace([VectorSpace(4), VectorSpace(2)])
    with pytest.raises(ConfigError, match="sends nothing to b"):
        MLP(input_space=space, input_source=("one", "two"), layers=[starving])


def test_routes_need_an_input_of_parts() -> None:
    with pytest.raises(ConfigError, match=r"speaks of the input's parts \[0\]"):
        MLP(nvis=4, layers=[side_by_side(inputs_to_layers={0: [0, 1]})])


def test_a_flattened_composite_has_its_cost(evaluate: Any) -> None:
    both = side_by_side()
    mlp = MLP(nvis=4, layers=[FlattenerLayer(both)])
    assert mlp.get_output_space() == VectorSpace(6)
    x, y = pt.matrix("X"), pt.matrix("Y")
    values = {x: X, y: np.concatenate([ONE_HOT, REALS], axis=1)}
    a, b = (layer.get_weights() for layer in both.layers)
    expected = -(ONE_HOT * log_softmax(X @ a, axis=1)).sum(axis=1).mean()
    expected += ((X @ b - REALS) ** 2).sum(axis=1).mean()
    assert evaluate(mlp.cost_from_X((x, y)), values) == pytest.approx(expected, rel=1e-12)
    assert "both_a_nll" in mlp.get_monitoring_channels((x, y))
    with pytest.raises(ConfigError, match="cost takes the output of fprop"):
        mlp.cost(y, y)


def test_a_space_converter_flattens_images(evaluate: Any) -> None:
    images = Conv2DSpace(shape=[2, 2], num_channels=1)
    mlp = MLP(
        input_space=images,
        layers=[SpaceConverter("flat", VectorSpace(4)), Tanh(layer_name="h", dim=3, irange=1.0)],
    )
    x = images.make_theano_batch()
    out = evaluate(mlp.fprop(x), {x: X.reshape(5, 2, 2, 1)})
    np.testing.assert_allclose(out, np.tanh(X @ mlp.layers[1].get_weights()), rtol=1e-13)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_pretrained_autoencoder_is_a_layer(frozen: bool, evaluate: Any) -> None:
    content = Autoencoder(4, 3, "tanh", None, tied_weights=True, irange=1.0)
    mlp = MLP(
        nvis=4,
        layers=[
            PretrainedLayer("h", content, freeze_params=frozen),
            Softmax(layer_name="y", n_classes=2, irange=0.1),
        ],
    )
    x = pt.matrix("X")
    hidden = evaluate(mlp.fprop(x, return_all=True)[0], {x: X})
    np.testing.assert_allclose(hidden, np.tanh(X @ content.get_weights()), rtol=1e-13)
    names = [param.name for param in mlp.get_params()]
    assert names == [*([] if frozen else ["vb", "hb", "W"]), "softmax_b", "softmax_W"]


def test_a_pretrained_layer_must_fit() -> None:
    content = Autoencoder(4, 3, "tanh", None)
    with pytest.raises(ConfigError, match="its layer_content takes VectorSpace"):
        MLP(nvis=5, layers=[PretrainedLayer("h", content)])
    with pytest.raises(ConfigError, match="must be a model with an upward_pass"):
        PretrainedLayer("h", 3)
