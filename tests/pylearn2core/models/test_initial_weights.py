"""The draws of initial weights, against figures of Pylearn2 af81e5c on Theano 1.0.5."""

from __future__ import annotations

import numpy as np
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, Layer, RectifiedLinear, Sigmoid, Softmax, Tanh
from pylearn2core.models.mlp.init import WeightInit, draw_sparse
from pylearn2core.models.softmax_regression import SoftmaxRegression

# Source of these figures: Pylearn2 af81e5c on Theano 1.0.5, NumPy 1.16.6; the first five
# elements of each parameter with the default seed [2013, 1, 4], 64 inputs and 10 classes.
HEADS = {
    "softmax": {
        "softmax_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_W": [
            0.0025051354032277866,
            -0.002319947796403556,
            0.009194672576394213,
            0.0049480440081572045,
            0.006702528017951669,
        ],
    },
    "sparse": {
        "h0_W": [0.0, -0.8104500087767792, 0.0, 0.0, 0.0],
        "h0_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_W": [0.0, 0.0, 0.0, 0.0, 0.0],
    },
    "relu": {
        "h0_W": [
            0.025051354032277873,
            -0.02319947796403557,
            0.09194672576394211,
            0.04948044008157204,
            0.06702528017951667,
        ],
        "h0_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "h1_W": [-1.0357092175762632, 0.0, 0.19971640070145033, 0.12918867217064198, 0.0],
        "h1_b": [0.1, 0.1, 0.1, 0.1, 0.1],
        "softmax_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_W": [-0.8777774812500184, 0.0, 0.0, 0.0, -0.5811819349851564],
    },
    "norms": {
        "h0_W": [
            0.12525677016138936,
            -0.11599738982017782,
            0.4597336288197106,
            0.2474022004078602,
            0.3351264008975834,
        ],
        "h0_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "h1_W": [
            -0.2628261261160396,
            0.08697225244821072,
            -0.019090100285375666,
            0.1747377598917681,
            0.214493767392684,
        ],
        "h1_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_b": [0.0, 0.0, 0.0, 0.0, 0.0],
        "softmax_W": [
            -0.047339290761410524,
            -0.2720798607467288,
            0.10592664903999438,
            0.07352245413294012,
            -0.28446446591353464,
        ],
    },
}


def build(job: str) -> MLP:
    if job == "softmax":
        return SoftmaxRegression(nvis=64, n_classes=10, irange=0.01)
    layers: dict[str, list[Layer]] = {
        "sparse": [
            Sigmoid(layer_name="h0", dim=50, sparse_init=15),
            Softmax(layer_name="y", n_classes=10, irange=0.0),
        ],
        "relu": [
            RectifiedLinear(layer_name="h0", dim=40, irange=0.1),
            RectifiedLinear(layer_name="h1", dim=30, sparse_init=10, init_bias=0.1),
            Softmax(layer_name="y", n_classes=10, sparse_init=5),
        ],
        "norms": [
            Sigmoid(layer_name="h0", dim=40, irange=0.5),
            RectifiedLinear(layer_name="h1", dim=30, irange=0.4),
            Softmax(layer_name="y", n_classes=10, irange=0.3),
        ],
    }
    return MLP(nvis=64, layers=layers[job])


@pytest.mark.parametrize("job", HEADS)
def test_initial_weights_are_those_of_pylearn2(job: str) -> None:
    params = build(job).get_params()
    assert [param.name for param in params] == list(HEADS[job])
    for param in params:
        np.testing.assert_allclose(
            param.get_value().ravel()[:5], HEADS[job][param.name], rtol=1e-13, atol=0
        )


def test_the_linear_family_draws_a_mask_after_the_weights_and_softmax_does_not() -> None:
    rng = np.random.RandomState([2013, 1, 4])
    hidden = rng.uniform(-0.5, 0.5, (6, 4)) * (rng.uniform(0.0, 1.0, (6, 4)) < 0.5)
    top = rng.uniform(-0.25, 0.25, (4, 2))  # non_redundant: one column fewer
    mlp = MLP(
        nvis=6,
        layers=[
            Tanh(layer_name="h", dim=4, irange=0.5, include_prob=0.5),
            Softmax(layer_name="y", n_classes=3, irange=0.25, non_redundant=True),
        ],
    )
    W, _, _, V = mlp.get_param_values()
    np.testing.assert_array_equal(W, hidden)
    np.testing.assert_array_equal(V, top)


def test_istdev_scales_normal_draws() -> None:
    rng = np.random.RandomState(7)
    hidden, top = rng.randn(6, 4) * 0.3, rng.randn(4, 3) * 2.0
    mlp = MLP(
        nvis=6,
        seed=7,
        layers=[
            Tanh(layer_name="h", dim=4, istdev=0.3),
            Softmax(layer_name="y", n_classes=3, istdev=2.0),
        ],
    )
    W, _, _, V = mlp.get_param_values()
    np.testing.assert_array_equal(W, hidden)
    np.testing.assert_array_equal(V, top)


def test_sparse_init_leaves_that_many_weights_a_unit() -> None:
    weights = draw_sparse(np.random.RandomState(0), 3, (9, 5))
    assert (np.count_nonzero(weights, axis=0) == 3).all()
    with pytest.raises(ConfigError, match="between 0 and the 9 inputs"):
        draw_sparse(np.random.RandomState(0), 10, (9, 5))


@pytest.mark.parametrize(
    ("ways", "found"), [({}, "none of them"), ({"irange": 0.1, "istdev": 0.1}, "irange and istdev")]
)
def test_exactly_one_way_of_drawing_is_asked_for(ways: dict[str, float], found: str) -> None:
    with pytest.raises(ConfigError, match=f"exactly one of irange.*got {found}"):
        Tanh(layer_name="h", dim=4, **ways)


def test_irange_zero_is_a_way_of_drawing() -> None:
    WeightInit(irange=0.0).check("y")


def test_a_nested_mlp_draws_from_the_outer_ones_generator() -> None:
    def layers() -> list[Layer]:
        return [
            Tanh(layer_name="a", dim=4, irange=0.5),
            Tanh(layer_name="b", dim=3, irange=0.5),
            Softmax(layer_name="y", n_classes=2, irange=0.5),
        ]

    flat = MLP(nvis=6, layers=layers())
    a, b, y = layers()
    nested = MLP(nvis=6, layers=[a, MLP(layer_name="inner", layers=[b, y])])
    for one, other in zip(flat.get_param_values(), nested.get_param_values(), strict=True):
        np.testing.assert_array_equal(one, other)
