import logging
import pickle

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from regression import ROWS, WIDTH, Regression, data, on_device, slices

from pylearn2core.engine import Bound, Order, Step, evaluate
from pylearn2core.engine.graph.reading import read
from pylearn2core.engine.pack import compiled
from pylearn2core.engine.program import lower
from pylearn2core.engine.program.device import DeviceProgram
from pylearn2core.engine.program.host import HostProgram


@pytest.mark.parametrize("sizes", [(23,), (5, 5, 5, 5, 3), (5, 3, 5, 5, 5), (4, 4, 1, 6, 4, 4)])
def test_an_epoch_is_the_steps_of_its_batches_in_order(sizes):
    expected, (x, y) = Regression(), data()
    step, weights, _ = expected.graph()
    order = slices(*sizes)
    bound = Bound(step)
    for _ in range(3):
        finite = bound.train(on_device((x, y)), order)
        for rows in order.batches:
            expected.step(x[rows], y[rows])
    assert finite.all()
    np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)


def test_trials_that_differ_in_numbers_share_a_program():
    arrays = on_device(data())
    before = None
    for rate, decay in [(0.1, 0.01), (0.02, 0.3), (0.5, 0.0625)]:
        expected = Regression(rate, decay)
        step, weights, _ = expected.graph()
        Bound(step).train(arrays, slices(10, 10, 3))
        before = len(compiled._by_key) if before is None else before
        for rows in slices(10, 10, 3).batches:
            expected.step(*(array[rows] for array in data()))
        np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)
    assert len(compiled._by_key) == before


def test_what_host_code_sets_between_epochs_is_what_the_next_one_uses():
    expected, (x, y) = Regression(), data()
    step, weights, rate = expected.graph()
    bound, order = Bound(step), slices(23)
    bound.train(on_device((x, y)), order)
    expected.step(x, y)
    weights.set_value(weights.get_value() * 2)
    rate.set_value(0.05)
    expected.weights, expected.rate = expected.weights * 2, 0.05
    bound.train(on_device((x, y)), order)
    expected.step(x, y)
    np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)


def test_a_function_of_the_users_own_sees_and_sets_the_trained_values():
    expected, (x, y) = Regression(), data()
    step, weights, _ = expected.graph()
    double = pytensor.function(
        [], weights.sum(), updates={weights: weights * 2}, mode="FAST_COMPILE"
    )
    bound = Bound(step)
    bound.train(on_device((x, y)), slices(23))
    expected.step(x, y)
    np.testing.assert_allclose(double(), expected.weights.sum(), rtol=1e-12)
    expected.weights = expected.weights * 2
    bound.train(on_device((x, y)), slices(23))
    expected.step(x, y)
    np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)


def test_trained_values_are_plain_arrays_and_pickle():
    step, weights, _ = Regression().graph()
    Bound(step).train(on_device(data()), slices(23))
    assert type(weights.get_value()) is np.ndarray
    assert type(weights.get_value(borrow=True)) is np.ndarray
    again = pickle.loads(pickle.dumps(weights))
    np.testing.assert_array_equal(again.get_value(), weights.get_value())


def test_a_parameter_that_diverges_is_flagged():
    step, _, rate = Regression().graph()
    rate.set_value(1e200)
    assert not Bound(step).train(on_device(data()), slices(*[1] * 23)).all()


class Twice(Op):
    """Doubles; JAX knows nothing of it."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] * 2

    def grad(self, inputs, gradients):
        return [gradients[0] * 2]


@pytest.mark.filterwarnings("ignore")  # Numba says that it runs this Op in Python
def test_an_op_without_a_jax_counterpart_runs_on_the_host_and_says_so_once(caplog):
    expected, (x, y) = Regression(), data()
    order = slices(10, 10, 3)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            step, weights, _ = expected.graph(wrap=Twice())
            monitor = Bound(Step(step.inputs, {}, step.outputs))
            measured = monitor.measure([(on_device((x / 2, y)), order)])
            Bound(step).train(on_device((x / 2, y)), order)
    costs = [expected.cost(x[rows], y[rows]) for rows in order.batches]
    np.testing.assert_allclose(measured, [[np.average(costs, weights=order.sizes)]], rtol=1e-12)
    for rows in order.batches:
        expected.step(x[rows], y[rows])
    np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)
    said = [record for record in caplog.records if "one batch a call" in record.message]
    assert len(said) == 2  # a key each


@pytest.mark.parametrize("make", [DeviceProgram, HostProgram])
@pytest.mark.parametrize("scale", [1.0, 0.999999999])  # the second is lifted to an input
def test_log_of_a_saturated_sigmoid_stays_finite(make, scale):
    z = pt.matrix("z")
    step = Step(
        ((z,),), {}, (scale * pt.log(1 - pt.sigmoid(z)).sum(), pt.log(pt.sigmoid(-2 * z)).sum())
    )
    reading = read(step)
    values = lower.lifted_values(reading)
    one = Order.of([slice(0, 1)], 1)
    _, result = make(step, reading).measure((), values, [((np.array([[100.0]]),), one)])
    np.testing.assert_allclose(result, [[-100.0, -200.0]], rtol=1e-6)


def test_random_numbers_differ_from_batch_to_batch_and_start_from_the_seed():
    def noise(seed):
        rng = pt.random.shared_rng(seed=seed)
        total = pytensor.shared(np.zeros(ROWS))
        x = pt.matrix("x")
        new_rng, draw = rng.uniform(0.0, 1.0, size=x.shape[:1])
        where = pt.set_subtensor(total[pt.cast(x[0, 0], "int64")], draw[0])
        Bound(Step(((x,),), {total: where, rng: new_rng}, ())).train(
            on_device((np.arange(float(ROWS))[:, None],)), slices(*[1] * ROWS)
        )
        return total.get_value()

    first, again, other = noise(1), noise(1), noise(2)
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) == ROWS
    assert (first != other).all()
    assert 0.3 < first.mean() < 0.7


def test_expressions_without_a_batch_are_evaluated():
    weights = pytensor.shared(np.array([3.0, 4.0]))
    length, doubled = evaluate([pt.sqrt((weights**2).sum()), weights * 2])
    assert length == pytest.approx(5.0)
    np.testing.assert_allclose(doubled, [6.0, 8.0])


def test_a_float32_graph_computes_in_float32_throughout():
    single = np.float32
    weights = [pytensor.shared(np.ones(shape, single)) for shape in [(WIDTH, 4), (4, 1)]]
    x, y = pt.matrix("x", dtype="float32"), pt.matrix("y", dtype="float32")
    out = pt.exp(pt.tanh(x @ weights[0]) @ weights[1])
    cost = ((out / out.sum() - y) ** 2).mean()  # a sum that the gradient goes through
    updates = {w: w - single(0.1) * g for w, g in zip(weights, pt.grad(cost, weights), strict=True)}
    step = Step(((x,), (y,)), updates, (cost,))
    reading = read(step)
    batch = tuple(array.astype(single) for array in data())
    shared = tuple(w.get_value() for w in weights)
    lifted = lower.lifted_values(reading)
    traced = jax.make_jaxpr(lower.to_jax(step, reading))(batch, shared, lifted)
    products = [str(eqn) for eqn in traced.eqns if eqn.primitive.name == "dot_general"]
    assert len(products) >= 4
    assert not [product for product in products if "f64" in product]


def test_a_monitored_draw_differs_from_batch_to_batch_and_from_pass_to_pass():
    rng = pt.random.shared_rng(seed=3)
    x = pt.matrix("x")
    new_rng, draw = rng.uniform(0.0, 1.0, size=x.shape[:1])
    bound = Bound(Step(((x,),), {rng: new_rng}, (draw.mean(), (draw**2).mean())))
    one = on_device(data()[:1]), slices(*[1] * ROWS)
    passes = [bound.measure([one])[0] for _ in range(2)]
    for mean, square in passes:
        assert square - mean**2 > 0.02  # of a uniform draw 1/12; of one draw 23 times, 0
    assert passes[0][0] != passes[1][0]
