"""Monitoring passes of programs."""

import jax
import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.jax.dispatch import jax_funcify
from regression import WIDTH, Regression, data, on_device, slices

from pylearn2core.cache import Bounded
from pylearn2core.engine import Bound, Measure, Order, Step, TrainPass, answer
from pylearn2core.engine.graph.reading import read
from pylearn2core.engine.pack import compiled
from pylearn2core.engine.program import device, lower
from pylearn2core.engine.program.device import DeviceProgram
from pylearn2core.engine.program.host import HostProgram
from pylearn2core.engine.program.layout import Layout


def test_a_monitoring_pass_weighs_batches_by_their_rows():
    expected, (x, y) = Regression(), data()
    order = slices(10, 10, 3)
    costs = [expected.cost(x[rows], y[rows]) for rows in order.batches]
    mean = np.average(costs, weights=order.sizes)
    step = expected.graph()[0]
    measured = Bound(Step(step.inputs, {}, step.outputs)).measure([(on_device((x, y)), order)])
    np.testing.assert_allclose(measured, [[mean]], rtol=1e-12)


def test_several_datasets_are_measured_in_one_call():
    expected = Regression()
    step = expected.graph()[0]
    bound = Bound(Step(step.inputs, {}, step.outputs))
    some, others = data(0), data(1)
    orders = slices(10, 10, 3), slices(*[2] * 11, 1)
    n_compiled = bound.compiled.program._measure[Layout.ALONE]._cache_size
    before = n_compiled()
    means = bound.measure(
        [(on_device(one), order) for one, order in zip((some, others), orders, strict=True)]
    )
    for found, (x, y), order in zip(means, (some, others), orders, strict=True):
        costs = [expected.cost(x[rows], y[rows]) for rows in order.batches]
        np.testing.assert_allclose(found, [np.average(costs, weights=order.sizes)], rtol=1e-12)
    assert n_compiled() == before + 1


@pytest.mark.parametrize("seeds", [(0, 0, 0), (0, 1, 2)], ids=["the same batches", "their own"])
def test_a_pack_measures_several_datasets_in_groups_of_batches(seeds):
    rows = {"train": 1237, "valid": 333}
    rng = np.random.RandomState(0)
    sets = {name: (rng.randn(n, WIDTH), rng.randn(n, 1)) for name, n in rows.items()}
    on = {name: on_device(arrays) for name, arrays in sets.items()}

    def order(name, seed):
        places = np.random.RandomState(seed).permutation(rows[name])
        return Order.cut(places, 7)

    requests, expected = [], []
    for slot, seed in enumerate(seeds):
        model = Regression(decay=0.01 * (slot + 1))
        model.weights = rng.randn(WIDTH, 1)
        step = model.graph()[0]
        orders = {name: order(name, seed) for name in rows}
        passes = tuple((on[name], orders[name]) for name in rows)
        requests.append(Measure(Bound(Step(step.inputs, {}, step.outputs)), passes))
        for name, (x, y) in sets.items():
            costs = [model.cost(x[some], y[some]) for some in orders[name].batches]
            expected.append(np.average(costs, weights=orders[name].sizes))
    found = [one.reply for one in answer(requests, 4)]
    assert {one.slots for one in answer(requests, 4)} == {4}
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore")  # Numba says that products are faster on contiguous arrays
def test_the_host_measures_several_datasets_too():
    expected = Regression()
    step, reading = (one := Step(*_monitored(expected))), read(one)
    program = HostProgram(step, reading)
    (x, y), order = data(), slices(10, 10, 3)
    shared = tuple(variable.get_value() for variable in reading.shared)
    values = lower.lifted_values(reading)
    _, means = program.measure(shared, values, [((x, y), order), ((x / 2, y), order)])
    for mean, inputs in zip(means, (x, x / 2), strict=True):
        costs = [expected.cost(inputs[rows], y[rows]) for rows in order.batches]
        np.testing.assert_allclose(mean, [np.average(costs, weights=order.sizes)], rtol=1e-12)


def _monitored(model):
    step = model.graph()[0]
    return step.inputs, {}, step.outputs


OPERATORS = {
    "a product": lambda a, b: a * b,
    "a sum": lambda a, b: a + b,
    "a sum of three": lambda a, b: a + a * 2 + b,
    "a product of three": lambda a, b: a * pt.exp(a) * b,
}


@pytest.mark.parametrize("combine", OPERATORS.values(), ids=OPERATORS)
def test_matrices_of_other_widths_never_spread_over_one_another(combine):
    x, y = pt.dmatrix("x"), pt.dmatrix("y")
    bound = Bound(Step(((x,), (y,)), {}, (combine(x, y).sum(),)))
    arrays = on_device((np.ones((4, 3)), np.ones((4, 1))))
    with pytest.raises(ValueError, match=r"[Bb]roadcast|shape"):
        bound.measure([(arrays, Order.of([slice(0, 4)], 4))])


def test_this_jax_takes_the_options_that_packs_are_compiled_with(monkeypatch):
    monkeypatch.setattr(device.device_memory, "own_cores", lambda: 1)
    device._pack_options.cache_clear()
    monkeypatch.setattr(compiled, "_by_key", Bounded(64))
    try:
        assert device._pack_options() is not None
        expected, (x, y) = Regression(), data()
        trials = [expected.graph() for _ in range(2)]
        order = slices(10, 10, 3)
        answer([TrainPass(Bound(step), on_device((x, y)), order) for step, _, _ in trials], 2)
        for rows in order.batches:
            expected.step(x[rows], y[rows])
        for _, weights, _ in trials:
            np.testing.assert_allclose(weights.get_value(), expected.weights, rtol=1e-12)
    finally:
        device._pack_options.cache_clear()


def test_a_jax_without_those_options_compiles_packs_as_it_would(monkeypatch):
    def refuses(function, compiler_options=None):
        def call():
            raise jax.errors.JaxRuntimeError("INVALID_ARGUMENT: No such compile option")

        return call

    monkeypatch.setattr(device.device_memory, "own_cores", lambda: 1)
    monkeypatch.setattr(device.jax, "jit", refuses)
    assert device._pack_options.__wrapped__() is None


class Total(Op):
    """Adds up a matrix, in Python: JAX can call that, but can't vectorise it."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [pt.dscalar()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0].sum()


@jax_funcify.register(Total)
def _total_in_jax(op, **kwargs):
    result = jax.ShapeDtypeStruct((), "float64")
    return lambda x: jax.pure_callback(lambda value: np.asarray(value).sum(), result, x)


def test_monitoring_takes_batches_one_by_one_where_they_cant_go_together():
    x = pt.dmatrix("x")
    (X, _), order = data(), slices(10, 10, 3)
    bound = Bound(Step(((x,),), {}, (Total()(x),)))
    means = bound.measure([(on_device((X,)), order)])
    totals = [X[rows].sum() for rows in order.batches]
    np.testing.assert_allclose(means, [[np.average(totals, weights=order.sizes)]], rtol=1e-12)
    assert isinstance(bound.compiled.program, DeviceProgram)
