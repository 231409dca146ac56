"""The engine with examples along another axis than the first: the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.vector_spaces_dataset import VectorSpacesDataset
from pylearn2core.engine import Bound, Order, Step, on_device
from pylearn2core.engine.pack import compiled
from pylearn2core.models.mlp import MLP, ConvRectifiedLinear, Softmax
from pylearn2core.space import CompositeSpace, Conv2DSpace, VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD

B01C, C01B = ("b", 0, 1, "c"), ("c", 0, 1, "b")
RNG = np.random.RandomState(0)
IMAGES, LABELS = RNG.randn(23, 5, 4, 2), RNG.randint(0, 3, (23, 1))


def dense(axes: Any) -> DenseDesignMatrix:
    return DenseDesignMatrix(topo_view=IMAGES, y=LABELS, y_labels=3)


def streamed(axes: Any) -> VectorSpacesDataset:
    """A dataset whose own arrays have the examples last, if `axes` say so."""
    spaces = [Conv2DSpace((5, 4), num_channels=2, axes=axes), VectorSpace(3)]
    images = Conv2DSpace.convert_numpy(IMAGES, B01C, axes)
    data = (images, np.eye(3)[LABELS.ravel()])
    return VectorSpacesDataset(data, (CompositeSpace(spaces), ("features", "targets")))


def trained(axes: Any, dataset: Any, callbacks: Any = None) -> Train:
    space = Conv2DSpace((5, 4), num_channels=2, axes=axes)
    hidden = ConvRectifiedLinear(2, (2, 2), (2, 2), (2, 2), "h", irange=0.5)
    model = MLP(
        input_space=space, layers=[hidden, Softmax(layer_name="y", n_classes=3, irange=0.1)]
    )
    algorithm = SGD(
        learning_rate=0.1,
        batch_size=10,
        monitoring_dataset=dataset,
        termination_criterion=EpochCounter(2),
        update_callbacks=callbacks,
    )
    train = Train(dataset, model, algorithm)
    train.main_loop()
    return train


@pytest.mark.parametrize("make", [dense, streamed])
def test_training_does_not_depend_on_the_order_of_the_axes(make: Any) -> None:
    one, other = trained(B01C, make(B01C)), trained(C01B, make(C01B))
    for a, b in zip(one.model.get_param_values(), other.model.get_param_values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
    for name, channel in one.model.monitor.channels.items():
        if "seconds" not in name:
            found = other.model.monitor.channels[name].val_record
            np.testing.assert_allclose(found, channel.val_record, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("axes", [C01B, (0, "b", "c", 1), B01C])
def test_a_step_sees_its_rows_in_the_axes_that_it_asked_for(axes: Any) -> None:
    space = Conv2DSpace((5, 4), num_channels=2, axes=axes)
    wanted = Conv2DSpace.convert_numpy(IMAGES, B01C, axes)
    batch = space.make_theano_batch()
    seen = pytensor.shared(np.zeros(wanted.shape))
    place = tuple(slice(None) for _ in range(space.get_batch_axis()))
    updates = {seen: pt.set_subtensor(seen[(*place, slice(3, 7))], batch)}
    resident = on_device(IMAGES, Conv2DSpace((5, 4), num_channels=2), space)
    assert len(resident) == len(IMAGES)
    Bound(Step(((batch,),), updates, ())).train((resident,), Order.of([slice(3, 7)], 23))
    rows = (*place, slice(3, 7))
    np.testing.assert_array_equal(seen.get_value()[rows], wanted[rows])


def test_two_orders_of_axes_are_two_programs() -> None:
    compiled._by_key.clear()  # full, it would let one go for each new key
    for axes in (C01B, ("c", 0, "b", 1), C01B):
        space = Conv2DSpace((4, 4), num_channels=4, axes=axes)
        batch = space.make_theano_batch(batch_size=4)  # the same type in every order
        Bound(Step(((batch,),), {}, (pt.tanh(batch[0, 0, 0, 0]),)))
    assert len(compiled._by_key) == 2
