"""RocAucChannel against scikit-learn's roc_auc_score."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytensor
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.engine import evaluate
from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, Softmax
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.train_extensions.roc_auc import RocAucChannel, roc_auc
from pylearn2core.training_algorithms.sgd import SGD

RNG = np.random.RandomState(0)
X = np.round(RNG.normal(size=(60, 4)), 1)
LABELS = RNG.randint(3, size=(60, 1))


def softmax_mlp(**kwargs: Any) -> MLP:
    return MLP(nvis=4, layers=[Softmax(layer_name="y", n_classes=3, irange=1.0, **kwargs)])


def trained(model: MLP, extension: RocAucChannel, monitoring: Any, batch_size: int) -> Any:
    """The channels of one record before training and one after."""
    algorithm = SGD(
        learning_rate=0.1,
        batch_size=20,
        monitoring_dataset=monitoring,
        monitoring_batch_size=batch_size,
        termination_criterion=EpochCounter(1),
    )
    rows = DenseDesignMatrix(X=X, y=LABELS, y_labels=3)
    for _ in Train(rows, model, algorithm, extensions=[extension]):
        pass
    return model.monitor.channels


def scores(model: MLP) -> Any:
    top: Any = model.layers[0]
    return softmax(X @ top.get_weights() + top.get_biases(), axis=1)


@pytest.mark.parametrize("labels_as_indices", [False, True])
@pytest.mark.parametrize("negative", [None, 2])
def test_the_channel_is_scikit_learns_area(negative: int | None, labels_as_indices: bool) -> None:
    model = softmax_mlp(**({"binary_target_dim": 1} if labels_as_indices else {}))
    rows = DenseDesignMatrix(X=X, y=LABELS, y_labels=3)
    extension = RocAucChannel(positive_class_index=1, negative_class_index=negative)
    channels = trained(model, extension, {"valid": rows}, batch_size=60)
    truth = LABELS.ravel()
    kept = np.full(60, True) if negative is None else truth != 0
    expected = roc_auc_score(truth[kept] == 1, scores(model)[kept, 1])
    assert channels["valid_roc_auc"].val_record[-1] == pytest.approx(expected, rel=1e-12)


def test_each_batch_has_an_area_and_a_dataset_without_a_name_gives_no_prefix() -> None:
    model = softmax_mlp()
    rows = DenseDesignMatrix(X=X, y=LABELS, y_labels=3)
    channels = trained(model, RocAucChannel("area"), rows, batch_size=30)
    areas = [
        roc_auc_score(LABELS[part, 0] == 1, scores(model)[part, 1])
        for part in (slice(0, 30), slice(30, 60))
    ]
    assert channels["area"].val_record[-1] == pytest.approx(np.mean(areas), rel=1e-12)


def area(points: Any, positive: Any, negative: Any) -> float:
    (found,) = evaluate([roc_auc(*map(pytensor.shared, (points, positive, negative)))])
    return float(found)


@pytest.mark.parametrize("seed", range(5))
def test_ties_count_half(seed: int) -> None:
    rng = np.random.RandomState(seed)
    points, truth = rng.randint(4, size=40).astype(float), rng.randint(2, size=40).astype(bool)
    assert area(points, truth, ~truth) == pytest.approx(roc_auc_score(truth, points), rel=1e-12)


def test_without_one_of_the_classes_there_is_no_area() -> None:
    assert np.isnan(area(np.arange(3.0), np.full(3, True), np.full(3, False)))


def test_what_has_no_area_is_refused() -> None:
    monitored = SimpleNamespace(monitoring_dataset=DenseDesignMatrix(X=X))
    with pytest.raises(ConfigError, match="are both 1"):
        RocAucChannel(negative_class_index=1)
    with pytest.raises(ConfigError, match="has no monitoring_dataset"):
        RocAucChannel().setup(softmax_mlp(), None, SimpleNamespace(monitoring_dataset=None))
    with pytest.raises(ConfigError, match=r"positive_class_index must be between 0 and 2.*got 3"):
        RocAucChannel(positive_class_index=3).setup(softmax_mlp(), None, monitored)
    silent = MLP(nvis=4, layers=[Softmax(2, "y", irange=1.0)], monitor_targets=False)
    with pytest.raises(ConfigError, match="monitors no targets"):
        RocAucChannel().setup(silent, None, monitored)
