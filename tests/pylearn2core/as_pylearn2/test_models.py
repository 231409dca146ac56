"""What models compute and call their channels, held against NumPy and Theano's documentation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.blocks import Block, StackedBlocks
from pylearn2core.costs.autoencoder import MeanSquaredReconstructionError
from pylearn2core.costs.cost import MethodCost, SumOfCosts
from pylearn2core.energy_functions.rbm_energy import GRBM_Type_1
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.linear.conv2d import Conv2D
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.model_extensions.norm_constraint import ConstrainFilterMaxNorm
from pylearn2core.models.autoencoder import Autoencoder, ContractiveAutoencoder
from pylearn2core.models.kmeans import KMeans
from pylearn2core.models.maxout import Maxout
from pylearn2core.models.mlp import MLP, CompositeLayer, Linear, Softmax
from pylearn2core.models.rbm import RBM
from pylearn2core.space import CompositeSpace, Conv2DSpace, VectorSpace
from pylearn2core.theano import tensor as T
from pylearn2core.utils import sharedX

X = np.random.RandomState(0).normal(size=(5, 4))


def value(output: Any, given: Any = None) -> Any:
    inputs = list(given or {})
    run = pytensor.function(inputs, output, mode="FAST_COMPILE", on_unused_input="ignore")
    return run(*(given or {}).values())


# Channels and numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(("pieces", "prefix"), [(2, "p_"), (1, "")])
def test_maxout_s_channels_have_pylearn2_s_names(pieces: int, prefix: str) -> None:
    layer = Maxout(layer_name="h", num_units=3, num_pieces=pieces, irange=1.0)
    mlp = MLP(nvis=4, layers=[layer, Softmax(n_classes=2, layer_name="y", irange=1.0)])
    x, y = pt.matrix("x"), pt.matrix("y")
    channels = mlp.get_monitoring_channels((x, y))
    units = np.max((X @ layer.get_weights()).reshape(5, 3, pieces), axis=2)
    found = value(channels[f"h_{prefix}max_x.mean_u"], {x: X})
    assert found == pytest.approx(units.max(axis=0).mean())
    assert f"h_{prefix}range_x.min_u" in channels
    assert "h_max_x_mean_u" not in channels


def test_a_contraction_penalty_is_an_unnamed_term() -> None:
    model = ContractiveAutoencoder(4, 3, "sigmoid", "sigmoid", irange=0.1)
    penalty: Any = [0.5, MethodCost("contraction_penalty")]
    cost = SumOfCosts([MeanSquaredReconstructionError(), penalty])
    names = set(cost.get_monitoring_channels(model, pt.matrix("x")))
    assert names == {"term_0_mean", "term_1"}


def test_the_softmax_of_a_vector_is_one_row() -> None:
    vector = X[0]
    expected = np.exp(vector) / np.exp(vector).sum()
    np.testing.assert_allclose(T.nnet.softmax(vector).eval(), expected[None])
    np.testing.assert_allclose(T.nnet.softmax(vector)[0].eval(), expected)
    np.testing.assert_allclose(T.nnet.logsoftmax(vector).eval(), np.log(expected)[None])
    assert T.nnet.softmax(X).eval().shape == (5, 4)


def test_a_convolution_gives_its_channels_last_unless_told_otherwise() -> None:
    space = Conv2DSpace((3, 3), num_channels=1)
    transform = Conv2D(sharedX(np.ones((2, 1, 2, 2))), None, space)
    assert transform.output_space.axes == ("b", 0, 1, "c")
    assert value(transform.lmul(sharedX(np.ones((5, 3, 3, 1))))).shape == (5, 2, 2, 2)


def test_lmul_sq_T_is_the_transpose_of_the_squared_kernels() -> None:
    space = Conv2DSpace((4, 3), num_channels=2)
    kernels = np.random.RandomState(1).normal(size=(3, 2, 2, 2))
    squared = Conv2D(sharedX(kernels**2), None, space)
    outputs = sharedX(np.random.RandomState(2).normal(size=(5, 3, 2, 3)))
    transform = Conv2D(sharedX(kernels), None, space)
    found, expected = value([transform.lmul_sq_T(outputs), squared.lmul_T(outputs)])
    np.testing.assert_allclose(found, expected)


def test_several_labels_an_example_are_the_union_of_their_classes() -> None:
    layer = Softmax(n_classes=4, layer_name="y", irange=1.0, binary_target_dim=2)
    mlp = MLP(nvis=4, layers=[layer])
    x, y = pt.matrix("x"), pt.lmatrix("y")
    labels = np.array([[0, 1], [2, 2], [3, 0], [1, 2], [0, 3]])
    z = X @ layer.get_weights()
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    hot = np.zeros((5, 4))
    hot[np.arange(5)[:, None], labels] = 1
    found = value(mlp.cost(y, mlp.fprop(x)), {x: X, y: labels})
    assert found == pytest.approx(-(hot * log_p).sum(axis=1).mean())


# Arguments ------------------------------------------------------------------------------------


def test_an_activation_may_be_any_function_of_theano_s() -> None:
    model = Autoencoder(4, 3, "cos", "softsign", irange=1.0)
    hidden = np.cos(X @ model.get_weights())
    x = pt.matrix("x")
    np.testing.assert_allclose(value(model.encode(x), {x: X}), hidden)
    with pytest.raises(ConfigError, match="act_enc: expected a function, null, one of"):
        Autoencoder(4, 3, "cosine", None)


def test_an_inner_mlp_may_have_a_seed_which_the_outer_one_s_replaces() -> None:
    def inner(seed: Any) -> MLP:
        return MLP(layers=[Linear(dim=2, layer_name="a", irange=1.0)], layer_name="in", seed=seed)

    weights = [MLP(nvis=3, layers=[inner(seed)]).get_param_values()[0] for seed in (7, None)]
    np.testing.assert_array_equal(*weights)


def test_a_layer_takes_model_extensions() -> None:
    layer = Linear(dim=2, layer_name="y", irange=1.0, extensions=[ConstrainFilterMaxNorm(0.1)])
    mlp = MLP(nvis=4, layers=[layer])
    first = layer.get_weights()
    mlp.enforce_constraints()
    np.testing.assert_allclose(layer.get_weights(), np.clip(first, -0.1, 0.1))


def test_a_part_of_the_input_is_given_to_all_layers_or_thrown_away() -> None:
    layers = [Linear(dim=1, layer_name=name, irange=1.0) for name in "ab"]
    both = CompositeLayer("both", layers, inputs_to_layers={1: []})
    assert both.routing_needed
    space = CompositeSpace([VectorSpace(4), VectorSpace(3)])
    mlp = MLP(input_space=space, input_source=("one", "two"), layers=[both])
    x, w = space.make_theano_batch()
    found = value(list(mlp.fprop((x, w))), {x: X, w: np.ones((5, 3))})
    for output, layer in zip(found, layers, strict=True):
        np.testing.assert_allclose(output, X @ layer.get_weights())


def test_an_energy_takes_an_expression_for_a_bias() -> None:
    W = np.random.RandomState(3).normal(size=(4, 3))
    b = sharedX(np.arange(4.0))
    energy = GRBM_Type_1(MatrixMul(sharedX(W)), sharedX(np.zeros(3)), 2 * b, sharedX(1.0))
    v = sharedX(X)
    visible = (0.5 * X**2 - X * 2 * np.arange(4.0)).sum(axis=1)
    expected = visible - np.log1p(np.exp(X @ W)).sum(axis=1)
    np.testing.assert_allclose(value(energy.free_energy(v)), expected)
    slopes = energy.score_divergence(v)
    assert value(slopes).shape == (5,)


def test_the_likelihood_s_gradient_vanishes_between_equal_phases_and_is_the_exact_one() -> None:
    model = RBM(nvis=3, nhid=2, irange=1.0)
    states = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    data = pt.matrix("data")
    same = value(model.ml_gradients(data, data), {data: states})
    for gradient in same:
        np.testing.assert_allclose(gradient, 0, atol=1e-12)
    # d F / d W = -v p(h | v)': the mean over the data less that over the other phase.
    W, _, c = (param.get_value() for param in model.get_params())
    hidden = 1 / (1 + np.exp(-(states @ W + c)))
    neg = pt.matrix("neg")
    found = value(model.ml_gradients(data, neg)[0], {data: states[3:], neg: states[:4]})
    expected = -states[3:].T @ hidden[3:] / 5 + states[:4].T @ hidden[:4] / 4
    np.testing.assert_allclose(found, expected)


def test_kmeans_gives_each_example_its_shares_of_the_distances() -> None:
    model = KMeans(k=2, nvis=4)
    with pytest.raises(UnsupportedError, match="before it is trained"):
        model(pt.matrix())
    model.mu = sharedX(X[:2])
    distances = ((X[:, None] - X[None, :2]) ** 2).sum(axis=2)
    found = value(model(sharedX(X)))
    np.testing.assert_allclose(found, distances / distances.sum(axis=1, keepdims=True))


# Blocks ---------------------------------------------------------------------------------------


class Times(Block):
    """A user's block."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, inputs: Any) -> Any:
        return self.factor * inputs

    def get_input_space(self) -> VectorSpace:
        return VectorSpace(4)

    get_output_space = get_input_space


def test_blocks_compile_and_stacks_give_any_of_their_states() -> None:
    np.testing.assert_allclose(Times(2.0).function("twice")(X), 2 * X)
    stack = StackedBlocks([Times(2.0), Times(5.0)])
    np.testing.assert_allclose(stack.function()(X), 10 * X)
    np.testing.assert_allclose(stack.function(repr_index=1)(X), 2 * X)
    np.testing.assert_allclose(stack.concat()(X), np.concatenate([X, 2 * X, 10 * X], axis=1))
    np.testing.assert_allclose(stack.concat(start_index=1, end_index=2)(X), 2 * X)
    with pytest.raises(UnsupportedError, match="Times has no inverse"):
        Times(2.0).inverse()
