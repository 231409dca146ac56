"""Parts that experiments of Pylearn2's own tests and tutorials name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import scipy.special

from pylearn2core.config import yaml_parse
from pylearn2core.config.nodes import parse
from pylearn2core.costs.mlp.missing_target_cost import MissingTargetCost
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.models.dbm import init_sigmoid_bias_from_marginals
from pylearn2core.models.mlp import MLP, Linear
from pylearn2core.testing import no_debug_mode
from pylearn2core.testing.datasets import (
    random_dense_design_matrix,
    random_one_hot_dense_design_matrix,
    random_one_hot_topological_dense_design_matrix,
)
from pylearn2core.theano.compat import OrderedDict

X = np.random.RandomState(0).normal(size=(5, 4))


# YAML -----------------------------------------------------------------------------------------


def test_a_space_before_a_colon_is_read_as_pyyaml_reads_it() -> None:
    assert yaml_parse.load("{costs :[1, 2], name : x}") == {"costs": [1, 2], "name": "x"}


def test_lines_in_errors_are_the_same_where_pyyaml_s_own_parser_reads() -> None:
    text = "{\n  costs :[1],\n  model: !obj:no.such.Thing {},\n}"
    with pytest.raises(ConfigError, match=r"line 3.*no module `no`"):
        yaml_parse.load(text)
    with pytest.raises(ConfigError, match=r"line 3, b: this key stands twice.*line 2"):
        parse("{a :[1],\n b: 2,\n b: 3}")
    with pytest.raises(ConfigError, match="this is no YAML"):
        parse("{a :[1, 2}")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("cross_validation.TrainCV", "Folds are an axis of a sweep"),
        ("sandbox.cuda_convnet.filter_acts.FilterActs", "ConvElemwise and ConvRectifiedLinear"),
        ("models.lwta.LWTA", "Maxout and RectifiedLinear are there"),
        ("grid_search.GridSearch", "The grid is the header of a sweep"),
        ("models.dbm.DBM", "there are RBM, GaussianBinaryRBM and VAE"),
    ],
)
def test_what_is_not_there_is_told_with_what_does_its_work(name: str, advice: str) -> None:
    with pytest.raises(ConfigError, match=advice):
        yaml_parse.load(f"!obj:pylearn2.{name} {{}}")


# Models and costs -----------------------------------------------------------------------------


def test_a_missing_target_adds_nothing_to_the_cost() -> None:
    mlp = MLP(nvis=4, layers=[Linear(dim=2, layer_name="y", irange=1.0)])
    x, y = pt.matrix("x"), pt.matrix("y")
    targets = np.random.RandomState(1).normal(size=(5, 2))
    targets[[0, 3], [1, 0]] = -1
    errors = (X @ mlp.layers[0].get_weights() - targets) ** 2
    expected = (errors * (targets != -1)).sum(axis=1).mean()
    cost = MissingTargetCost().expr(mlp, (x, y))
    gradients = pytensor.grad(cost, mlp.get_params())
    found, dW, _ = pytensor.function([x, y], [cost, *gradients], mode="FAST_COMPILE")(X, targets)
    assert found == pytest.approx(expected)
    residual = 2 * (X @ mlp.layers[0].get_weights() - targets) * (targets != -1) / 5
    np.testing.assert_allclose(dW, X.T @ residual)
    assert MissingTargetCost({"default_input_scale": 1.0}).is_stochastic()
    assert not MissingTargetCost().is_stochastic()


def test_biases_give_sigmoid_units_the_means_of_the_data() -> None:
    rows = np.array([[0.0, 1.0, 0.2], [0.0, 1.0, 0.6]])
    bias = init_sigmoid_bias_from_marginals(DenseDesignMatrix(X=rows))
    means = scipy.special.expit(bias)
    np.testing.assert_allclose(means, [1e-7, 1 - 1e-7, 0.4])
    np.testing.assert_allclose(
        init_sigmoid_bias_from_marginals(DenseDesignMatrix(X=X, y=np.full((5, 1), 0.5)), True), [0]
    )
    with pytest.raises(ConfigError, match=r"expected values in \[0, 1\]"):
        init_sigmoid_bias_from_marginals(DenseDesignMatrix(X=X))


def test_the_oldest_files_name_train_by_its_script() -> None:
    from pylearn2core.train import Train

    assert yaml_parse.load("!import 'pylearn2.scripts.train.Train'") is Train


# Random datasets ------------------------------------------------------------------------------


def test_random_datasets_have_the_shapes_that_are_asked_for() -> None:
    rng = np.random.RandomState([2013, 3, 16])
    plain: Any = random_dense_design_matrix(rng, 40, 5, 3)
    assert (plain.X.shape, plain.y.shape, plain.y_labels) == ((40, 5), (40, 1), 3)
    assert not random_dense_design_matrix(rng, 40, 5, 0).has_targets()
    hot: Any = random_one_hot_dense_design_matrix(rng, 40, 5, 3)
    np.testing.assert_array_equal(hot.y.sum(axis=1), np.ones(40))
    images: Any = random_one_hot_topological_dense_design_matrix(
        rng, 6, (4, 3), 2, ("c", 0, 1, "b"), 3
    )
    assert images.get_topological_view().shape == (2, 4, 3, 6)
    assert images.y.shape == (6, 3)


def test_the_same_seed_gives_the_draws_of_numpy_s_generator() -> None:
    found = random_dense_design_matrix(np.random.RandomState(3), 4, 2, 0)
    np.testing.assert_array_equal(found.X, np.random.RandomState(3).randn(4, 2))


def test_names_for_tests_and_for_python_2_are_there() -> None:
    assert no_debug_mode(lambda x: x + 1)(1) == 2
    assert OrderedDict([("a", 1)]) == {"a": 1}
