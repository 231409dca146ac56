import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from pylearn2core.engine.graph.reading import Step, read


def logistic(decay=0.01, power=2.0, slope=1.0, rows=3):
    """One step of gradient descent on a logistic regression with weight decay."""
    weights = pytensor.shared(np.ones((rows, 2)), name="W")
    rate = pytensor.shared(np.float64(0.1), name="rate")
    x, y = pt.matrix("x"), pt.matrix("y")
    out = pt.sigmoid(slope * (x @ weights))
    cost = -(y * pt.log(out) + (1 - y) * pt.log(1 - out)).mean() + decay * (weights**power).sum()
    update = weights - rate * pytensor.grad(cost, weights)
    return Step(((x,), (y,)), {weights: update}, (cost,))


def test_graphs_that_differ_only_in_a_float_have_one_key():
    first, second = read(logistic(decay=0.01)), read(logistic(decay=0.3))
    assert first.key == second.key
    assert hash(first.key) == hash(second.key)
    assert set(first.values) - {0.01} == set(second.values) - {0.3}
    assert 0.3 in second.values


def test_graphs_of_another_structure_have_another_key():
    assert read(logistic()).key != read(logistic(slope=2.0)).key  # 1 * x is kept, 2 * x is lifted


def test_sizes_of_arrays_are_no_part_of_the_key():
    assert read(logistic(rows=3)).key == read(logistic(rows=5)).key


def test_exponents_ones_and_zeros_stay_in_the_graph():
    values = read(logistic(power=3.5)).values
    assert 3.5 not in values
    assert not set(values) & {-1.0, 0.0, 1.0}
    assert read(logistic(power=3.5)).key != read(logistic(power=4.5)).key


def test_integers_are_never_lifted():
    x = pt.matrix("x")
    doubled = read(Step(((x,),), {}, ((x * 2).sum(),)))
    tripled = read(Step(((x,),), {}, ((x * 3).sum(),)))
    assert len(doubled.values) == 0
    assert doubled.key != tripled.key


def test_one_constant_used_twice_is_two_inputs():
    x, half = pt.matrix("x"), pt.constant(0.5)
    shared_object = read(Step(((x,),), {}, ((x * half).sum() + (x + half).sum(),)))
    two_objects = read(Step(((x,),), {}, ((x * 0.5).sum() + (x + 0.5).sum(),)))
    assert shared_object.key == two_objects.key
    assert list(shared_object.values) == [0.5, 0.5]


def test_updated_variables_come_first():
    reading = read(logistic())
    assert [variable.name for variable in reading.shared] == ["W", "rate"]
    assert reading.updated == 1


def test_a_shared_and_an_updated_variable_are_told_apart():
    a, b = (pytensor.shared(np.float64(value)) for value in (1.0, 2.0))
    assert read(Step((), {a: a + b}, ())).key == read(Step((), {b: b + a}, ())).key
    assert read(Step((), {a: a + b}, ())).key != read(Step((), {a: b + b}, ())).key


class Opaque(Op):
    """An Op with nothing by which two of them could be known to be equal."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0] * 2


def test_ops_that_cannot_be_compared_share_no_program():
    x = pt.matrix("x")
    assert (
        read(Step(((x,),), {}, (Opaque()(x),))).key != read(Step(((x,),), {}, (Opaque()(x),))).key
    )


def test_a_variable_that_nobody_feeds_is_named():
    x, stray = pt.matrix("x"), pt.matrix("stray")
    with pytest.raises(TypeError, match="stray"):
        read(Step(((x,),), {}, ((x + stray).sum(),)))
