"""Theano's names on PyTensor: their values against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest
from scipy import special

from pylearn2core import theano
from pylearn2core.errors import UnsupportedError
from pylearn2core.theano import tensor as T
from pylearn2core.theano.compat.python2x import OrderedDict
from pylearn2core.theano.compat.six.moves import xrange
from pylearn2core.theano.gradient import consider_constant, disconnected_grad
from pylearn2core.theano.tensor import nnet

MODES = ("NUMBA", "JAX")
X = np.array([[-300.0, -2.0, -0.1, 0.0], [0.3, 1.0, 40.0, 400.0]])


def value(expression: Any, mode: str | None = None) -> Any:
    return np.asarray(theano.function([], expression, mode=mode)())


def shared(array: Any) -> Any:
    return theano.shared(np.asarray(array))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (nnet.sigmoid, special.expit(X)),
        (nnet.ultra_fast_sigmoid, special.expit(X)),
        (nnet.softplus, softplus(X)),
        (nnet.softmax, special.softmax(X, axis=1)),
        (nnet.logsoftmax, special.log_softmax(X, axis=1)),
        (nnet.relu, np.maximum(X, 0)),
        (lambda x: nnet.relu(x, 0.25), np.where(X > 0, X, 0.25 * X)),
        (nnet.elu, np.where(X > 0, X, np.expm1(np.minimum(X, 0)))),
        (nnet.selu, 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772
                                                  * np.expm1(np.minimum(X, 0)))),
        (nnet.hard_sigmoid, np.clip(0.2 * X + 0.5, 0, 1)),
        (nnet.softsign, X / (1 + np.abs(X))),
        (T.abs_, np.abs(X)),
        (lambda x: T.inv(x - 0.5), 1 / (X - 0.5)),
    ],
)  # fmt: skip
def test_a_function_is_what_its_formula_says(function: Any, expected: Any) -> None:
    np.testing.assert_allclose(value(function(shared(X))), expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("function", [nnet.relu, nnet.hard_sigmoid, nnet.selu, nnet.softmax])
def test_float32_stays_float32(function: Any) -> None:
    assert function(shared(X.astype("float32"))).dtype == "float32"


@pytest.mark.parametrize("mode", MODES)
def test_logarithms_of_sigmoids_are_exact_where_the_sigmoid_is_0_or_1(mode: str) -> None:
    found = value(T.log(1 - nnet.sigmoid(shared([100.0, 800.0]))), mode)
    np.testing.assert_allclose(found, [-100, -800], rtol=1e-12)
    found = value(T.log(nnet.sigmoid(shared([-200.0]))), mode)
    np.testing.assert_allclose(found, [-200], rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_the_logarithm_of_a_softmax_is_exact_where_it_is_0(mode: str) -> None:
    found = value(T.log(nnet.softmax(shared([[0.0, 900.0]]))), mode)
    np.testing.assert_allclose(found, [[-900, 0]], rtol=1e-12)


def test_cross_entropies_are_what_their_formulas_say() -> None:
    rng = np.random.default_rng(0)
    p, t = rng.uniform(0.1, 0.9, size=(2, 5, 3))
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    np.testing.assert_allclose(value(nnet.binary_crossentropy(shared(p), shared(t))), expected)
    z = special.logit(p)
    found = value(nnet.sigmoid_binary_crossentropy(shared(z), shared(t)))
    np.testing.assert_allclose(found, expected)
    found = value(nnet.categorical_crossentropy(shared(p), shared(t)))
    np.testing.assert_allclose(found, -(t * np.log(p)).sum(axis=1))


@pytest.mark.parametrize("mode", MODES)
def test_the_cross_entropy_takes_class_numbers_of_many_classes_and_rows(mode: str) -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(300), size=200)
    classes = np.arange(200) + 50
    found = value(nnet.categorical_crossentropy(shared(p), shared(classes)), mode)
    np.testing.assert_allclose(found, -np.log(p[np.arange(200), classes]))


def test_the_cross_entropy_refuses_what_is_neither() -> None:
    with pytest.raises(TypeError, match=r"expected 2 .* or 1"):
        nnet.categorical_crossentropy(T.matrix(), T.scalar())


def test_relus_gradient_at_zero_is_one_half() -> None:
    x = shared([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(value(T.grad(nnet.relu(x).sum(), x)), [0, 0.5, 1])


# ------------------------------------------------------------------ shapes and variables
def test_broadcastable_axes_are_declared_by_theanos_three_ways() -> None:
    row = theano.shared(np.ones((1, 3)), "row", broadcastable=(True, False))
    assert (row.name, row.type.shape) == ("row", (1, None))
    assert T.addbroadcast(T.matrix(), 1).type.shape == (None, 1)
    assert T.patternbroadcast(T.matrix(), (True, False)).type.shape == (1, None)
    assert T.patternbroadcast(T.matrix(), (False, False)).type.shape == (None, None)
    with pytest.raises(ValueError, match="1 bools given for 2 axes"):
        T.patternbroadcast(T.matrix(), (True,))


def test_all_of_pytensors_names_are_here() -> None:
    public = {name for name in dir(pytensor.tensor) if not name.startswith("_")}
    assert public <= set(dir(T))
    assert T.wmatrix("x").dtype == "int16"


def test_an_input_by_its_old_name_is_an_input_without_default() -> None:
    x, y = T.dscalars("x", "y")
    assert theano.function([x, theano.Param(y, borrow=True)], x * y)(3.0, 2.0) == 6.0
    with pytest.raises(UnsupportedError, match="inputs have no default values"):
        theano.Param(y, default=2.0)


def test_a_clone_has_its_variables_replaced() -> None:
    x, y = T.dscalars("x", "y")
    assert theano.function([y], theano.clone(x**2, replace={x: y + 1}))(2.0) == 9.0


def test_the_gradient_through_a_constant_is_zero_and_through_a_cut_an_error() -> None:
    x = T.dscalar("x")
    assert theano.function([x], T.grad(x * consider_constant(x), x))(3.0) == 3.0
    gradient = T.grad(consider_constant(x) ** 2, x)
    assert theano.function([x], gradient, on_unused_input="ignore")(3.0) == 0.0
    with pytest.raises(
        theano.gradient.DisconnectedInputError, match="Backtrace when that variable is created"
    ):
        T.grad(disconnected_grad(x) ** 2, x)


def test_rop_and_lop_are_the_jacobian_times_a_vector() -> None:
    x, v = shared([1.0, 2.0]), shared([3.0, 5.0])
    np.testing.assert_allclose(value(T.Rop(x**2, x, v)), [2 * 3, 4 * 5])
    np.testing.assert_allclose(value(T.Lop(x**2, x, v)), [2 * 3, 4 * 5])


# ------------------------------------------------------------------ loops and updates
def test_scan_gives_outputs_and_updates() -> None:
    x = T.dvector("x")
    totals, updates = theano.scan(
        lambda one, sum_: sum_ + one, sequences=[x], outputs_info=[np.float64(0)]
    )
    np.testing.assert_array_equal(
        theano.function([x], totals, updates=updates)([1, 2, 3]), [1, 3, 6]
    )
    assert isinstance(updates, theano.OrderedUpdates)
    product, _ = theano.reduce(lambda one, so_far: so_far * one, [x], [np.float64(1)])
    assert theano.function([x], product)([2, 3, 4]) == 24
    squares, _ = theano.map(lambda one: one**2, [x])
    np.testing.assert_array_equal(theano.function([x], squares)([2, 3]), [4, 9])


def test_updates_are_of_shared_variables_and_do_not_contradict_each_other() -> None:
    a, b = shared(0.0), shared(0.0)
    value_of_a = a + 1
    updates = theano.OrderedUpdates([(a, value_of_a)]) + {b: b + 2, a: value_of_a}
    assert list(updates) == [a, b]
    with pytest.raises(KeyError, match="two different updates"):
        updates.update({a: a + 2})
    with pytest.raises(TypeError, match="updates are of shared variables"):
        updates[T.scalar("x")] = a


# ------------------------------------------------------------------ the rest
def test_the_configuration_is_pytensors_and_what_it_lacks_is_ignored_with_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert theano.config.floatX == pytensor.config.floatX
    assert (theano.config.compute_test_value, theano.config.device) == ("off", "cpu")
    theano.config.compute_test_value = "off"
    with caplog.at_level("WARNING"):
        theano.config.compute_test_value = "raise"
        theano.config.nvcc.fastmath = True
        theano.config.no_such_setting = 3
    ignored = [record.getMessage().split(" is ")[0] for record in caplog.records]
    assert ignored == [
        "theano.config.compute_test_value = 'raise'",
        "theano.config.nvcc.fastmath = True",
        "theano.config.no_such_setting = 3",
    ]
    assert theano.config.compute_test_value == "off"
    before = theano.config.on_unused_input
    theano.config.on_unused_input = "ignore"
    assert pytensor.config.on_unused_input == "ignore"
    theano.config.on_unused_input = before


def test_graphs_are_walked_by_theanos_names() -> None:
    x, y = T.dscalars("x", "y")
    assert set(theano.gof.graph.inputs([x * y])) == {x, y}
    assert isinstance(x, theano.gof.Variable)
    assert list(theano.gof.op.get_debug_values(x, y)) == []


def test_what_bridged_python_2_and_3_is_pythons_own() -> None:
    assert list(OrderedDict([("b", 1), ("a", 2)])) == ["b", "a"]
    assert list(xrange(2)) == [0, 1]
    assert list(theano.compat.six.iteritems({"a": 1})) == [("a", 1)]
