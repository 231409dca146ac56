"""Training and monitoring as code from Pylearn2's days asks for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.config import yaml_parse
from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin, FixedVarDescr
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, Linear
from pylearn2core.models.softmax_regression import SoftmaxRegression
from pylearn2core.monitor import Monitor, MonitorChannel, get_channel
from pylearn2core.space import VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.bgd import BGD
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import sharedX

X = np.random.RandomState(0).normal(size=(10, 3))
Y = np.eye(2)[(X.sum(axis=1) > 0).astype(int)]


def data() -> DenseDesignMatrix:
    return DenseDesignMatrix(X=X, y=Y)


def regression() -> SoftmaxRegression:
    return SoftmaxRegression(n_classes=2, irange=0.0, nvis=3)


def specs() -> Any:
    return VectorSpace(3), "features"


# Algorithms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BGD, SGD])
def test_without_a_cost_the_model_s_own_is_minimised(kind: Any) -> None:
    rate = {"learning_rate": 0.5} if kind is SGD else {}
    algorithm = kind(
        batch_size=10,
        monitoring_dataset={"train": data()},
        termination_criterion=EpochCounter(5),
        **rate,
    )
    model = regression()
    Train(data(), model, algorithm).main_loop()
    record = model.monitor.channels["train_objective"].val_record
    assert record[0] == pytest.approx(np.log(2))  # all weights are 0
    assert record[-1] < 0.5


@pytest.mark.parametrize("kind", [BGD, SGD])
def test_no_dataset_to_monitor_on_may_be_an_empty_map(kind: Any) -> None:
    rate = {"learning_rate": 0.5} if kind is SGD else {}
    algorithm = kind(
        batch_size=10, monitoring_dataset={}, termination_criterion=EpochCounter(1), **rate
    )
    model = regression()
    Train(data(), model, algorithm).main_loop()
    assert not model.monitor.channels
    assert model.monitor.get_epochs_seen() == 1


def test_a_train_of_yaml_gets_its_dataset_afterwards() -> None:
    train = yaml_parse.load(
        "!obj:pylearn2.train.Train {dataset: null,"
        " model: !obj:pylearn2.models.softmax_regression.SoftmaxRegression"
        " {n_classes: 2, irange: 0., nvis: 3},"
        " algorithm: !obj:pylearn2.training_algorithms.bgd.BGD {batch_size: 10,"
        " termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter {max_epochs: 1}}}"
    )
    assert train.dataset is None
    train.dataset = data()
    train.algorithm._set_monitoring_dataset(train.dataset)
    train.main_loop()
    assert "y_misclass" in train.model.monitor.channels


class Weighted(DefaultDataSpecsMixin, Cost):
    """A cost with a variable that is set anew for each batch."""

    supervised = True

    def __init__(self) -> None:
        self.weight = sharedX(0.0)
        self.batches: list[Any] = []

    def on_load(self, X: Any, Y: Any) -> None:
        self.batches.append((X, Y))
        self.weight.set_value(float(len(X)))

    def get_fixed_var_descr(self, model: Any, data: Any) -> FixedVarDescr:
        found = FixedVarDescr()
        found.fixed_vars["weight"] = self.weight
        found.on_load_batch.append(self.on_load)
        return found

    def expr(self, model: Any, data: Any, weight: Any = None, **kwargs: Any) -> Any:
        return weight * model.cost_from_X(data)


@pytest.mark.parametrize("kind", [BGD, SGD])
def test_what_a_batch_fixes_is_set_before_each_batch_of_training_and_of_monitoring(
    kind: Any,
) -> None:
    rate = {"learning_rate": 0.0} if kind is SGD else {"updates_per_batch": 0}
    cost, model = Weighted(), regression()
    algorithm = kind(
        cost=cost,
        batch_size=5,
        monitoring_batch_size=4,
        monitoring_dataset=data(),
        termination_criterion=EpochCounter(1),
        **rate,
    )
    Train(data(), model, algorithm).main_loop()
    # Two passes of 4, 4 and 2 rows around an epoch of 5 and 5.
    assert [len(rows) for rows, _ in cost.batches] == [4, 4, 2, 5, 5, 4, 4, 2]
    np.testing.assert_array_equal(cost.batches[0][0], X[:4])
    np.testing.assert_array_equal(cost.batches[0][1], Y[:4])
    expected = np.log(2) * (4 * 4 + 4 * 4 + 2 * 2) / 10
    record = model.monitor.channels["objective"].val_record
    np.testing.assert_allclose(record, expected)


# The monitor ----------------------------------------------------------------------------------


def test_prereqs_run_once_before_each_batch_on_its_rows() -> None:
    model = MLP(nvis=3, layers=[Linear(dim=1, layer_name="y", irange=0.0)])
    monitor, calls, seen = Monitor(model), sharedX(0.0), []
    monitor.add_dataset(data(), batch_size=4)

    def prereq(*batch: Any) -> None:
        seen.append(batch)
        calls.set_value(calls.get_value() + 1)

    x = VectorSpace(3).make_theano_batch()
    monitor.add_channel("calls", x, calls, prereqs=[prereq], data_specs=specs())
    monitor.add_channel("sum", x, x.sum() * calls, prereqs=[prereq], data_specs=specs())
    monitor()
    assert [len(batch[0]) for batch in seen] == [4, 4, 2]
    sums = [X[:4].sum(), 2 * X[4:8].sum(), 3 * X[8:].sum()]
    assert monitor.channels["sum"].val_record == [pytest.approx(np.dot(sums, [0.4, 0.4, 0.2]))]
    assert monitor.channels["calls"].val_record == [pytest.approx(0.4 * 1 + 0.4 * 2 + 0.2 * 3)]
    assert (monitor.batch_size, monitor.num_batches) == ([4], [None])


def test_prereqs_of_a_mere_value_run_too() -> None:
    model, calls = regression(), sharedX(0.0)
    monitor = Monitor(model)
    monitor.add_dataset(data(), batch_size=5)
    monitor.add_channel(
        "calls", None, calls, prereqs=[lambda *batch: calls.set_value(calls.get_value() + 1)]
    )
    monitor()
    assert monitor.channels["calls"].val_record == [1.5]
    assert calls.get_value() == 2


def test_a_channel_may_come_before_the_dataset() -> None:
    monitor = Monitor(regression())
    x = VectorSpace(3).make_theano_batch()
    monitor.add_channel("mean", x, x.mean(), data_specs=specs())
    with pytest.raises(ConfigError, match="channel 'mean': the monitor has no dataset"):
        monitor()
    monitor.add_dataset(data(), batch_size=10)
    monitor()
    assert monitor.channels["mean"].val_record == [pytest.approx(X.mean())]


def test_a_channel_s_value_can_be_asked_for_without_training() -> None:
    model = regression()
    found = get_channel(model, data(), "y_nll", model.get_default_cost(), 5)
    assert found == pytest.approx(np.log(2))
    assert getattr(model, "monitor", None) is None


def test_a_channel_is_made_as_pylearn2_made_it_and_goes_on_with_an_old_one_s_records() -> None:
    old = MonitorChannel(pt.matrix(), pt.scalar(), "cost", specs(), None)
    old.append(3.0)
    new = MonitorChannel(None, None, "cost", None, None, None, old)
    assert (new.name, new.val_record) == ("cost", [3.0])


# Datasets -------------------------------------------------------------------------------------


def test_labels_become_one_hot_in_place() -> None:
    dataset = DenseDesignMatrix(X=X, y=np.arange(1, 11).reshape(10, 1) % 4 + 1, y_labels=5)
    dataset.convert_to_one_hot(min_class=1)
    np.testing.assert_array_equal(dataset.y, np.eye(4)[np.arange(1, 11) % 4])
    assert dataset.get_data_specs()[0].components[1] == VectorSpace(4)
    with pytest.raises(ValueError, match="needs one integer label an example"):
        dataset.convert_to_one_hot()
    with pytest.raises(ValueError, match="has no targets"):
        DenseDesignMatrix(X=X).convert_to_one_hot()
    with pytest.raises(ValueError, match="min_class is 2, but y holds a label of 0"):
        DenseDesignMatrix(X=X, y=np.zeros(10, dtype=int)).convert_to_one_hot(2)


def test_a_stream_of_batches_can_be_taken_up_again_and_restarted() -> None:
    dataset = DenseDesignMatrix(X=X)
    first = dataset.get_batch_design(2)
    position = dataset.get_stream_position()
    after = [dataset.get_batch_design(2) for _ in range(3)]
    dataset.set_stream_position(position)
    for rows in after:
        np.testing.assert_array_equal(dataset.get_batch_design(2), rows)
    dataset.restart_stream()
    np.testing.assert_array_equal(dataset.get_batch_design(2), first)


def test_rows_are_formatted_as_images() -> None:
    images = np.random.RandomState(1).rand(4, 2, 2, 1)
    dataset = DenseDesignMatrix(topo_view=images)
    space = dataset.X_topo_space
    np.testing.assert_array_equal(dataset.get_formatted_view(dataset.X[:2], space), images[:2])
